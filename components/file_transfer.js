// One file on its way to the server, in slices by the tus protocol (https://tus.io), which go on where the last byte arrived
// when the connection breaks. `watch` is told what happens: {sent}, {pausedUntil} (0 when it goes on, Infinity while the
// browser is offline), {reading: true}.
const TUS = { "Tus-Resumable": "1.0.0" };
const SLICE_BYTES = 16_000_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
const MOST_TRIES = 12; // in a row without a byte getting through: about five minutes
const SILENT_MS = { send: 60_000, finish: 300_000 };
const OVERLOADED = new Set([502, 503, 504]);
const PASSING = new Set(["server_stopping", "database_busy"]); // 503 with a code of ours is a refusal, but for these

export class Refused extends Error {
  constructor(answer) {
    super(answer.code);
    this.answer = answer;
  }
}
export class Cancelled extends Error {}
export class Broken extends Error {}
class Misplaced extends Error {}

export class FileTransfer {
  constructor({ file, name, url, known, watch }) {
    Object.assign(this, { file, name, url, watch, location: known?.location ?? null, sent: known?.received ?? 0 });
    this.isCancelled = false;
  }

  // Resolves with the data set. Throws Refused, Cancelled, or Broken when the connection did not come back.
  async run() {
    window.addEventListener("offline", this.breakOff);
    window.addEventListener("online", this.goOn);
    try {
      await this.persist(() => this.sendAll());
      this.watch({ reading: true });
      return await this.persist(() => this.finish());
    } finally {
      window.removeEventListener("offline", this.breakOff);
      window.removeEventListener("online", this.goOn);
    }
  }

  cancel() {
    this.isCancelled = true;
    if (this.location) this.request?.abort(); // else the answer must be heard, to know what to give up
    this.goOn();
    giveUp(this.location);
  }

  breakOff = () => this.request?.abort();

  goOn = () => this.wake?.();

  async persist(step) {
    let furthest = this.sent;
    for (let tries = 0; ; tries += 1) {
      try {
        return await step();
      } catch (error) {
        if (this.isCancelled) throw new Cancelled();
        if (!(error instanceof Broken)) throw error;
        if (this.sent > furthest) [furthest, tries] = [this.sent, 0];
        if (tries >= MOST_TRIES) throw error;
        await this.pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
      }
    }
  }

  async pause(milliseconds) {
    const isOffline = navigator.onLine === false; // then the browser says when it is worth trying
    this.watch({ pausedUntil: isOffline ? Infinity : Date.now() + milliseconds });
    let timer;
    await new Promise((resolve) => {
      this.wake = resolve;
      if (!isOffline) timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
    this.wake = null;
    if (this.isCancelled) throw new Cancelled();
    this.watch({ pausedUntil: 0 });
  }

  async sendAll() {
    if (this.location) await this.find();
    if (!this.location) await this.begin();
    this.watch({ sent: this.sent });
    while (this.sent < this.file.size) {
      try {
        await this.sendSlice();
      } catch (error) {
        if (!(error instanceof Misplaced)) throw error;
        await this.find(); // bytes of a connection that had broken off were still on their way
      }
    }
  }

  async begin() {
    const metadata = { filename: this.file.name, name: this.name, modified: String(this.file.lastModified) };
    const pairs = Object.entries(metadata).map(([key, value]) => `${key} ${toBase64(value)}`);
    const headers = { ...TUS, "Upload-Length": String(this.file.size), "Upload-Metadata": pairs.join(",") };
    const request = await this.ask("POST", this.url, headers);
    this.location = request.getResponseHeader("Location");
    this.sent = 0;
  }

  async find() {
    const request = await this.ask("HEAD", this.location, TUS);
    if (request.status === 404) this.location = null; // given up meanwhile: it begins anew
    else this.sent = Number(request.getResponseHeader("Upload-Offset"));
    if (!this.location) await this.begin();
  }

  async sendSlice() {
    const start = this.sent;
    const headers = { ...TUS, "Upload-Offset": String(start), "Content-Type": "application/offset+octet-stream" };
    const onprogress = (event) => this.watch({ sent: Math.min(this.file.size, start + event.loaded) });
    const slice = this.file.slice(start, start + SLICE_BYTES);
    const request = await this.ask("PATCH", this.location, headers, slice, onprogress);
    if (request.status === 404 || request.status === 409) throw new Misplaced();
    this.sent = Number(request.getResponseHeader("Upload-Offset"));
    this.watch({ sent: this.sent });
  }

  async finish() {
    const request = await this.ask("POST", `${this.location}/finish?keeps_unreadable=true`, {}, null, null, SILENT_MS.finish);
    return readAnswer(request).dataset;
  }

  async ask(method, url, headers, body = null, onprogress = null, silentMs = SILENT_MS.send) {
    const request = await send((opened) => (this.request = opened), { method, url, headers, body, onprogress, silentMs });
    if (this.isCancelled) {
      if (!this.location) giveUp(request.getResponseHeader("Location"));
      throw new Cancelled();
    }
    const isAnswerUseful = request.status < 400 || (request.status === 404 && method === "HEAD");
    const isMisplaced = method === "PATCH" && (request.status === 404 || request.status === 409);
    if (isAnswerUseful || isMisplaced) return request;
    throw refusalOf(request);
  }
}

// A table that the server fetches from somewhere else.
export class AddressFetch {
  constructor({ address, name, url }) {
    Object.assign(this, { address, name, url, isCancelled: false });
  }

  async run() {
    const body = JSON.stringify({ url: this.address, name: this.name });
    const headers = { "Content-Type": "application/json" };
    try {
      const wanted = { method: "POST", url: this.url, headers, body, silentMs: 0 };
      const request = await send((opened) => (this.request = opened), wanted);
      if (request.status >= 400) throw refusalOf(request);
      return readAnswer(request).dataset;
    } catch (error) {
      throw this.isCancelled ? new Cancelled() : error;
    }
  }

  cancel() {
    this.isCancelled = true;
    this.request?.abort();
  }
}

function giveUp(location) {
  if (location) fetch(location, { method: "DELETE", headers: TUS, keepalive: true }).catch(() => undefined);
}

// XMLHttpRequest, for fetch tells nothing of how much was sent. Rejects with Broken, also after a silence.
function send(onopen, { method, url, headers, body, onprogress, silentMs }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let silence;
    const listen = () => {
      clearTimeout(silence);
      if (silentMs) silence = setTimeout(() => request.abort(), silentMs);
    };
    request.upload.onprogress = (event) => {
      listen();
      onprogress?.(event);
    };
    request.onload = () => resolve(request);
    request.onerror = request.onabort = () => reject(new Broken());
    request.onloadend = () => clearTimeout(silence);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    onopen(request);
    listen();
    request.send(body);
  });
}

function refusalOf(request) {
  const answer = readAnswer(request);
  if (!answer.code && [401, 403].includes(request.status)) answer.code = "not_authenticated"; // answers to HEAD are empty
  const isPassing = OVERLOADED.has(request.status) && (!answer.code || PASSING.has(answer.code));
  return isPassing ? new Broken() : new Refused(answer);
}

function readAnswer(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

function toBase64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
