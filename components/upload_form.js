import { AddressFetch, Cancelled, FileTransfer, Refused } from "file_transfer";
import { TransferWords } from "transfer_words";

const MOST_AT_ONCE = 2;
const BUSY = new Set(["sending", "reading", "fetching"]);
const OVER = new Set(["done", "unread", "failed", "refused", "unfinished"]);
const LOSABLE = new Set(["queued", "sending", "fetching"]); // what leaving the page would cut off
const TICK_MS = 500;
const SPEED_WINDOW_MS = 5000;
const TRANSLATION_MS = 4000;

export default {
  template: `
    <section class="card upload" :data-over="over" @dragenter.prevent="over = true" @dragover.prevent="over = true"
      @dragleave="leave" @drop.prevent="drop">
      <h2>{{ words.title }}</h2>
      <form class="form" novalidate @submit.prevent="submit">
        <div class="field">
          <label class="drop" :data-over="over">
            <span class="field-label">{{ over ? words.drop : words.choose }}</span>
            <span class="hint">{{ words.kinds }}</span>
            <input ref="input" class="sr-only" type="file" name="file" multiple :accept="accept" :aria-label="words.file"
              :aria-invalid="missing ? 'true' : 'false'" :aria-describedby="missing ? 'upload-file-error' : null"
              @change="choose($event.target.files)" />
          </label>
          <p v-if="missing" id="upload-file-error" class="error" role="alert">{{ missing }}</p>
        </div>
        <ul v-if="items.length" class="transfers" :aria-label="words.files">
          <li v-for="item in items" :key="item.key" class="transfer" :data-state="item.state">
            <div class="transfer-head">
              <a v-if="item.id" class="transfer-name" :href="'/datasets/' + item.id"><bdi>{{ item.title }}</bdi></a>
              <bdi v-else class="transfer-name">{{ item.title }}</bdi>
              <span v-if="item.size" class="soft small">{{ bytes(item.size) }}</span>
              <span class="transfer-actions">
                <button v-if="item.pausedUntil" type="button" class="plain-button" :aria-label="about(words.go_on_about, item)"
                  @click="goOn(item)">{{ words.go_on }}</button>
                <button v-if="canRetry(item)" type="button" class="plain-button" :aria-label="about(words.retry_about, item)"
                  @click="retry(item)">{{ words.retry }}</button>
                <button type="button" class="plain-button"
                  :aria-label="about(isOver(item) ? words.remove_about : words.cancel_about, item)"
                  @click="remove(item)">{{ isOver(item) ? words.remove : words.cancel }}</button>
              </span>
            </div>
            <progress v-if="item.state === 'sending'" :value="item.sent / item.size" max="1" :aria-label="item.title"></progress>
            <progress v-else-if="['reading', 'fetching'].includes(item.state)" :aria-label="item.title"></progress>
            <p v-if="tell(item)" class="small soft tabular">{{ tell(item) }}</p>
            <p v-if="item.problem" class="error" role="alert">{{ item.problem }}</p>
          </li>
        </ul>
        <div class="field" v-if="single">
          <label for="upload-name">{{ words.name }}</label>
          <input id="upload-name" name="name" type="text" dir="auto" autocomplete="off" v-model="single.name"
            aria-describedby="upload-name-note" />
          <p id="upload-name-note" class="hint">{{ words.name_hint }}</p>
        </div>
        <div class="actions">
          <button class="button primary" type="submit">{{ submitLabel }}</button>
        </div>
      </form>
      <p class="sr-only" role="status">{{ spoken }}</p>
      <slot></slot>
      <details class="more" v-for="panel in panels" :key="panel.kind">
        <summary>{{ panel.title }}</summary>
        <form class="form" novalidate @submit.prevent="add(panel)">
          <div class="field">
            <label :for="'upload-' + panel.kind">{{ panel.label }}</label>
            <textarea v-if="panel.kind === 'pasted'" id="upload-pasted" dir="auto" rows="6" spellcheck="false"
              v-model="panel.value" :aria-invalid="panel.problem ? 'true' : 'false'"
              aria-describedby="upload-pasted-note"></textarea>
            <input v-else id="upload-address" type="url" dir="ltr" autocomplete="off" v-model="panel.value"
              :aria-invalid="panel.problem ? 'true' : 'false'" aria-describedby="upload-address-note" />
            <div :id="'upload-' + panel.kind + '-note'">
              <p v-if="panel.problem" class="error" role="alert">{{ panel.problem }}</p>
              <p v-else class="hint">{{ panel.hint }}</p>
            </div>
          </div>
          <div class="field">
            <label :for="'upload-' + panel.kind + '-name'">{{ words.table_name }}</label>
            <input :id="'upload-' + panel.kind + '-name'" type="text" dir="auto" autocomplete="off" v-model="panel.name" />
          </div>
          <div class="actions"><button class="button" type="submit">{{ panel.action }}</button></div>
        </form>
      </details>
    </section>`,
  props: {
    urls: Object, endings: Array, packings: Array, limit: Number, unfinished: Array,
    errors: Object, words: Object, language: String,
  },
  emits: ["uploaded", "refused"],
  data() {
    const { pasted, address } = this.words;
    const panel = (kind, words) => ({ kind, ...words, value: "", name: "", problem: "" });
    return {
      items: [],
      panels: [panel("pasted", pasted), ...(this.urls.address ? [panel("address", address)] : [])],
      over: false,
      missing: "",
      spoken: "",
      now: Date.now(),
    };
  },
  created() {
    this.said = new TransferWords(this.words, this.language);
    this.transfers = new Map();
    this.count = 0;
    for (const upload of this.unfinished) {
      const known = { ...upload, location: `${this.urls.uploads}/${upload.id}` };
      this.list({ state: "unfinished", title: known.filename, size: known.size, sent: known.received, known });
    }
  },
  mounted() {
    this.timer = setInterval(this.tick, TICK_MS);
    window.addEventListener("beforeunload", this.warn);
    window.addEventListener("dragover", this.ignore);
    window.addEventListener("drop", this.ignore);
  },
  unmounted() {
    clearInterval(this.timer);
    window.removeEventListener("beforeunload", this.warn);
    window.removeEventListener("dragover", this.ignore);
    window.removeEventListener("drop", this.ignore);
  },
  computed: {
    accept() {
      return [...this.endings, ...this.packings].join(",");
    },
    chosen() {
      return this.items.filter((item) => item.state === "chosen");
    },
    single() {
      const [item, ...others] = this.chosen.length ? this.chosen : this.items;
      return !others.length && item?.file && ["chosen", "failed"].includes(item.state) ? item : undefined;
    },
    submitLabel() {
      const count = this.said.digits.format(this.chosen.length);
      return this.chosen.length > 1 ? this.said.fill(this.words.upload_many, { count }) : this.words.upload;
    },
  },
  watch: {
    errors(errors) {
      for (const item of this.items) if (errors[item.key]) item.problem = errors[item.key];
    },
  },
  methods: {
    leave(event) {
      if (!event.currentTarget.contains(event.relatedTarget)) this.over = false;
    },
    drop(event) {
      this.over = false;
      this.choose(event.dataTransfer.files);
    },
    // A file dropped beside the form must not take the place of the page.
    ignore(event) {
      if (!event.defaultPrevented) event.preventDefault();
    },
    warn(event) {
      if (!this.items.some((item) => LOSABLE.has(item.state))) return;
      event.preventDefault();
      event.returnValue = true;
    },
    choose(files) {
      for (const file of files) this.chooseOne(file, "");
      this.missing = "";
      this.$refs.input.value = ""; // the same file may be chosen again
    },
    chooseOne(file, name) {
      const modified = String(file.lastModified);
      const isSame = ({ known }) => known.filename === file.name && known.size === file.size && known.modified === modified;
      const earlier = this.items.find((item) => item.state === "unfinished" && isSame(item));
      if (earlier) this.items.splice(this.items.indexOf(earlier), 1);
      const problem = this.check(file);
      const about = { title: file.name, size: file.size, file, name, known: earlier?.known };
      return this.list({ ...about, problem, state: problem ? "refused" : "chosen" });
    },
    check(file) {
      const name = file.name.toLowerCase();
      const isKnown = (ending) => name.endsWith(ending) || this.packings.some((packing) => name.endsWith(ending + packing));
      if (!this.endings.some(isKnown) && !name.endsWith(".zip")) return this.words.wrong_type;
      if (file.size > this.limit) return this.words.too_large;
      return file.size === 0 ? this.words.empty : "";
    },
    list(about) {
      const fresh = { sent: 0, speed: 0, pausedUntil: 0, problem: "", id: "", name: "", marks: [] };
      this.items.push({ ...fresh, ...about, key: String((this.count += 1)) });
      return this.items.at(-1);
    },
    add(panel) {
      const value = panel.value.trim();
      panel.problem = value ? "" : panel.missing;
      if (!value) return;
      const title = panel.name.trim() || (panel.kind === "pasted" ? panel.default_name : value);
      let item;
      if (panel.kind === "pasted") {
        item = this.chooseOne(new File([panel.value], "pasted.csv", { type: "text/csv" }), title);
        item.title = title;
      } else {
        item = this.list({ state: "chosen", title, address: value, name: panel.name.trim() });
      }
      if (item.state === "chosen") {
        panel.value = panel.name = "";
        this.queue([item]);
      }
    },
    submit() {
      const ready = this.chosen.length || !this.single ? this.chosen : [this.single]; // one that failed, under a better name
      this.missing = ready.length ? "" : this.words.missing;
      if (ready.length) this.queue(ready);
      else this.$refs.input.focus();
    },
    queue(items) {
      const isAlone = items.length === 1 && this.items.every((item) => item === items[0] || item.state === "unfinished");
      for (const item of [...items]) Object.assign(item, { state: "queued", problem: "", isAlone });
      this.startNext();
    },
    startNext() {
      const free = MOST_AT_ONCE - this.items.filter((item) => BUSY.has(item.state)).length;
      for (const item of this.items.filter((one) => one.state === "queued").slice(0, Math.max(0, free))) this.start(item);
    },
    async start(item) {
      const { file, name, address, known } = item;
      const watch = (change) => this.observe(item, change);
      const transfer = address
        ? new AddressFetch({ address, name, url: this.urls.address })
        : new FileTransfer({ file, name, known, watch, url: this.urls.uploads });
      this.transfers.set(item.key, transfer);
      Object.assign(item, { state: address ? "fetching" : "sending", marks: [], speed: 0, pausedUntil: 0 });
      try {
        const dataset = await transfer.run();
        item.id = dataset.id;
        this.turn(item, dataset.status === "FAILED" ? "unread" : "done");
        this.$emit("uploaded", { id: item.id, alone: item.isAlone });
      } catch (error) {
        if (!(error instanceof Cancelled)) this.fail(item, transfer, error);
      }
      this.startNext();
    },
    observe(item, { sent, pausedUntil, reading }) {
      if (sent !== undefined) item.sent = sent;
      if (reading) this.turn(item, "reading");
      if (pausedUntil === undefined) return;
      Object.assign(item, { pausedUntil, marks: [], speed: 0 });
      if (pausedUntil) this.speak(item);
    },
    fail(item, transfer, error) {
      item.known = transfer.location ? { location: transfer.location, received: transfer.sent } : undefined;
      item.pausedUntil = 0;
      item.problem = error instanceof Refused ? "" : this.words.broken;
      this.turn(item, "failed");
      if (!(error instanceof Refused)) return;
      const { code, details, error: english } = error.answer;
      this.$emit("refused", { key: item.key, code, details });
      // The page says it in the reader's language, if it is still connected.
      setTimeout(() => (item.problem ||= english || this.words.broken), TRANSLATION_MS);
    },
    turn(item, state) {
      item.state = state;
      this.speak(item);
    },
    speak(item) {
      this.spoken = `${item.title}: ${this.tell(item) || this.words.failed}`;
    },
    goOn(item) {
      this.transfers.get(item.key)?.goOn();
    },
    retry(item) {
      this.queue([item]);
    },
    remove(item) {
      const transfer = this.transfers.get(item.key);
      if (transfer && !OVER.has(item.state)) transfer.cancel();
      else if (item.known) new FileTransfer({ known: item.known }).cancel();
      this.transfers.delete(item.key);
      this.items.splice(this.items.indexOf(item), 1);
      this.startNext();
    },
    isOver(item) {
      return OVER.has(item.state);
    },
    canRetry(item) {
      return item.state === "failed";
    },
    about(sentence, item) {
      return this.said.fill(sentence, { name: item.title });
    },
    bytes(size) {
      return this.said.size(size);
    },
    tell(item) {
      if (item.pausedUntil) return this.said.pause(item.pausedUntil - this.now);
      if (item.state === "sending") return this.said.progress(item);
      if (item.state !== "unfinished") return this.words.states[item.state] ?? "";
      return this.said.fill(this.words.states.unfinished, { done: this.bytes(item.sent), total: this.bytes(item.size) });
    },
    tick() {
      this.now = Date.now();
      for (const item of this.items.filter((one) => one.state === "sending" && !one.pausedUntil)) {
        item.marks = [...item.marks.filter(([time]) => time > this.now - SPEED_WINDOW_MS), [this.now, item.sent]];
        const [[time, sent]] = item.marks;
        item.speed = this.now > time ? (1000 * (item.sent - sent)) / (this.now - time) : 0;
      }
    },
  },
};
