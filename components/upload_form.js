import { AddressFetch, Cancelled, FileTransfer, Refused } from "file_transfer";
import { BUSY, OVER, TransferRow, isNoted } from "transfer_row";
import { TransferWords } from "transfer_words";
import { UploadNames } from "upload_names";

const MOST_AT_ONCE = 2;
const LOSABLE = new Set(["queued", "sending", "fetching"]); // what leaving the page would cut off
const TICK_MS = 500;
const SPEED_WINDOW_MS = 5000;
const TRANSLATION_MS = 4000;
const TYPING_MS = 300;

export default {
  components: { TransferRow },
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
          <transfer-row v-for="item in items" :key="item.key" :item="item" :said="said" :now="now" :has-name="item !== single"
            @go-on="goOn(item)" @retry="retry(item)" @remove="remove(item)" @rename="lookSoon"></transfer-row>
        </ul>
        <div class="field" v-if="single">
          <label for="upload-name">{{ words.name }}</label>
          <input id="upload-name" name="name" type="text" dir="auto" autocomplete="off" v-model="single.name"
            :aria-describedby="isNoted(single) ? 'upload-joins-' + single.key : 'upload-name-note'" @input="lookSoon" />
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
    errors: Object, names: Object, turns: Object, words: Object, language: String,
  },
  emits: ["named", "arrived", "uploaded", "refused"],
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
    this.naming = new UploadNames((question) => this.$emit("named", question));
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
    clearTimeout(this.typing);
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
    names(answer) {
      for (const item of this.items.filter(({ key }) => answer.files[key])) {
        const { name, joins } = answer.files[item.key];
        if (joins && joins !== item.joins) this.spoken = joins;
        Object.assign(item, { joins, wantsName: item.wantsName || Boolean(joins) });
        if (name) item.name = item.title = name;
      }
      this.naming.settle(answer.ticket);
    },
    errors(errors) {
      for (const item of this.items) if (errors[item.key]) item.problem = errors[item.key];
    },
    turns(turns) {
      for (const item of this.items.filter(({ key, state }) => state === "reading" && key in turns)) {
        const isNews = Boolean(item.turn) !== Boolean(turns[item.key]); // not each place that it moves up
        item.turn = turns[item.key];
        if (isNews) this.speak(item);
      }
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
      this.look();
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
      const fresh = { sent: 0, speed: 0, pausedUntil: 0, problem: "", id: "", name: "", joins: "", wantsName: false, marks: [] };
      this.items.push({ ...fresh, ...about, key: String((this.count += 1)) });
      return this.items.at(-1);
    },
    add(panel) {
      const value = panel.value.trim();
      panel.problem = value ? "" : panel.missing;
      if (!value) return;
      const name = panel.name.trim();
      let item;
      if (panel.kind === "pasted") {
        item = this.chooseOne(new File([panel.value], "pasted.csv", { type: "text/csv" }), name);
        Object.assign(item, { title: name || panel.default_name, isPasted: true });
      } else {
        item = this.list({ state: "chosen", title: name || value, address: value, name });
      }
      if (item.state === "chosen") {
        panel.value = panel.name = "";
        this.begin([item]);
      }
    },
    submit() {
      const ready = this.chosen.length || !this.single ? this.chosen : [this.single]; // one that failed, under a better name
      this.missing = ready.length ? "" : this.words.missing;
      if (ready.length) this.begin(ready);
      else this.$refs.input.focus();
    },
    look() {
      const isNamed = (item) => item.state === "chosen" || item === this.single || BUSY.has(item.state) || item.state === "queued";
      return this.naming.ask(this.items.filter(isNamed));
    },
    lookSoon() {
      clearTimeout(this.typing);
      this.typing = setTimeout(this.look, TYPING_MS);
    },
    // A file that becomes a version of a data set is sent once that has been said.
    async begin(items) {
      const said = new Map(items.map((item) => [item, item.joins]));
      await this.look();
      const ready = items.filter((item) => item === this.single || item.state === "chosen");
      const surprise = ready.find((item) => item.joins && item.joins !== said.get(item));
      for (const item of ready.filter(({ isPasted, name }) => isPasted && !name)) item.name = item.title;
      if (!surprise) this.queue(ready);
      else this.$nextTick(() => this.nameField(surprise)?.focus());
    },
    nameField(item) {
      return this.$el.querySelector(item === this.single ? "#upload-name" : `#upload-name-${item.key}`);
    },
    queue(items) {
      if (!items.length) return;
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
      Object.assign(item, { state: address ? "fetching" : "sending", marks: [], speed: 0, pausedUntil: 0, turn: null });
      try {
        const dataset = await transfer.run();
        Object.assign(item, { id: dataset.id, version: dataset.version, dataset: dataset.name });
        this.turn(item, dataset.status === "FAILED" ? "unread" : "done");
        this.$emit("uploaded", { id: item.id, alone: item.isAlone });
      } catch (error) {
        if (!(error instanceof Cancelled)) this.fail(item, transfer, error);
      }
      this.startNext();
    },
    observe(item, { sent, pausedUntil, reading }) {
      if (sent !== undefined) item.sent = sent;
      if (reading) this.arrive(item);
      if (pausedUntil === undefined) return;
      Object.assign(item, { pausedUntil, marks: [], speed: 0 });
      if (pausedUntil) this.speak(item);
    },
    arrive(item) {
      this.turn(item, "reading");
      this.$emit("arrived", { key: item.key, upload: this.transfers.get(item.key).location.split("/").at(-1) });
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
      this.spoken = `${item.title}: ${this.said.tell(item, this.now) || this.words.failed}`;
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
    isNoted,
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
