// Sizes, shares and durations in the reader's digits, put into the sentences that the server sent along.
const UNITS = [1_000_000_000, 1_000_000, 1_000];
const ARABIC_LETTER_MARK = "\u061c"; // keeps the percent sign on the side where Persian readers expect it
const SECONDS_PER_MINUTE = 60;

export class TransferWords {
  constructor(words, language) {
    this.words = words;
    this.isPersian = language === "fa";
    this.digits = new Intl.NumberFormat(this.isPersian ? "fa-IR" : "en-US", { maximumFractionDigits: 1 });
    this.twoDigits = new Intl.NumberFormat(this.isPersian ? "fa-IR" : "en-US", { minimumIntegerDigits: 2 });
  }

  fill(sentence, places) {
    return sentence.replace(/\{(\w+)\}/g, (_, name) => places[name]);
  }

  size(bytes) {
    const position = UNITS.findIndex((unit) => bytes >= unit);
    if (position < 0) return this.fill(this.words.units[UNITS.length + (bytes === 1)], { size: this.digits.format(bytes) });
    return this.fill(this.words.units[position], { size: this.digits.format(bytes / UNITS[position]) });
  }

  percent(fraction) {
    const text = this.digits.format(Math.floor(100 * fraction));
    return this.isPersian ? `${ARABIC_LETTER_MARK}${text}٪` : `${text}%`;
  }

  clock(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    const [minutes, rest] = [Math.floor(whole / SECONDS_PER_MINUTE), whole % SECONDS_PER_MINUTE];
    return `${this.digits.format(minutes)}:${this.twoDigits.format(rest)}`;
  }

  progress({ sent, size, speed }) {
    const share = size ? sent / size : 1;
    const done = this.fill(this.words.progress, { percent: this.percent(share), done: this.size(sent), total: this.size(size) });
    if (!speed) return done;
    const left = this.clock((size - sent) / speed);
    return `${done} · ${this.fill(this.words.speed, { speed: this.size(Math.round(speed)), left })}`;
  }

  pause(milliseconds) {
    if (milliseconds === Infinity) return this.words.offline;
    return this.fill(this.words.paused, { seconds: this.digits.format(Math.max(0, Math.ceil(milliseconds / 1000))) });
  }

  // How a file is getting on.
  tell(item, now) {
    if (item.pausedUntil) return this.pause(item.pausedUntil - now);
    if (item.state === "sending") return this.progress(item);
    if (item.state === "done" && item.version > 1) {
      return this.fill(this.words.done_version, { number: this.digits.format(item.version), name: `\u2068${item.dataset}\u2069` });
    }
    if (item.state === "reading") return item.turn || this.words.states[item.turn === "" ? "reading" : "arrived"];
    if (item.state !== "unfinished") return this.words.states[item.state] ?? "";
    return this.fill(this.words.states.unfinished, { done: this.size(item.sent), total: this.size(item.size) });
  }
}
