// Asks the page what files will be called before they are sent: a name that is taken makes a version of a data set.
const ANSWER_MS = 4000; // a page that has lost its connection answers nothing, and must not hold a file back

export class UploadNames {
  constructor(send) {
    Object.assign(this, { send, ticket: 0, waiting: new Map() });
  }

  // Resolves when the page has answered, or will not.
  ask(items) {
    if (!items.length) return Promise.resolve();
    const ticket = (this.ticket += 1);
    const files = items.map(({ key, file, address, name, known, isPasted, state }) => ({
      key,
      filename: file?.name ?? "",
      address: address ?? "",
      name: known?.name ?? name,
      pasted: Boolean(isPasted),
      chosen: state === "chosen" || state === "failed",
    }));
    return new Promise((resolve) => {
      this.waiting.set(ticket, resolve);
      setTimeout(() => this.settle(ticket), ANSWER_MS);
      this.send({ ticket, files });
    });
  }

  settle(ticket) {
    this.waiting.get(ticket)?.();
    this.waiting.delete(ticket);
  }
}
