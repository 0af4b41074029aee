export default {
  template: `
    <form class="form" novalidate :aria-busy="stage !== ''" @submit.prevent="submit">
      <div class="field">
        <label class="drop" :data-over="over" @dragover.prevent="over = true" @dragleave="over = false" @drop.prevent="drop">
          <span class="field-label" v-if="file"><bdi>{{ file.name }}</bdi></span>
          <span class="field-label" v-else>{{ words.choose }}</span>
          <span class="hint">{{ words.kinds }}</span>
          <input ref="input" class="sr-only" type="file" name="file" :accept="endings.join(',')" :disabled="stage !== ''"
            :aria-label="words.file" :aria-invalid="problem ? 'true' : 'false'" aria-describedby="upload-file-error"
            @change="choose($event.target.files)" />
        </label>
        <p id="upload-file-error" class="error" role="alert">{{ problem }}</p>
      </div>
      <div class="field">
        <label for="upload-name">{{ words.name }}</label>
        <input id="upload-name" name="name" type="text" dir="auto" autocomplete="off" v-model="name" :disabled="stage !== ''"
          :aria-invalid="shown.name ? 'true' : 'false'" aria-describedby="upload-name-note" />
        <div id="upload-name-note">
          <p v-if="shown.name" class="error" role="alert">{{ shown.name }}</p>
          <p v-else class="hint">{{ words.name_hint }}</p>
        </div>
      </div>
      <div v-if="stage" class="field" role="status" aria-live="polite">
        <span>{{ stage === 'sending' ? words.sending : words.reading }}</span>
        <progress v-if="stage === 'sending'" :value="sent" max="1" :aria-label="words.sending"></progress>
        <progress v-else :aria-label="words.reading"></progress>
      </div>
      <div class="actions">
        <button class="button primary" type="submit" :disabled="stage !== ''" :aria-busy="stage !== ''">{{ words.upload }}</button>
      </div>
    </form>`,
  props: { url: String, endings: Array, limit: Number, errors: Object, words: Object },
  emits: ["uploaded", "refused"],
  data: () => ({ file: null, name: "", over: false, stage: "", sent: 0, own: "", shown: {} }),
  computed: {
    problem() {
      return this.own || this.shown.file || "";
    },
  },
  watch: {
    errors(errors) {
      this.shown = errors;
    },
  },
  methods: {
    drop(event) {
      this.over = false;
      if (this.stage === "") this.choose(event.dataTransfer.files);
    },
    choose(files) {
      this.file = files[0] ?? null;
      this.shown = {};
      this.own = this.file ? this.check(this.file) : "";
    },
    check(file) {
      const name = file.name.toLowerCase();
      if (!this.endings.some((ending) => name.endsWith(ending))) return this.words.wrong_type;
      if (file.size > this.limit) return this.words.too_large;
      return file.size === 0 ? this.words.empty : "";
    },
    submit() {
      if (this.stage) return;
      this.own = this.file ? this.check(this.file) : this.words.missing;
      if (this.own) {
        this.$refs.input.focus();
        return;
      }
      this.shown = {};
      const form = new FormData();
      form.append("name", this.name);
      form.append("file", this.file);
      const request = new XMLHttpRequest();
      request.upload.onprogress = (event) => {
        this.sent = event.total ? event.loaded / event.total : 0;
      };
      request.upload.onload = () => (this.stage = "reading");
      request.onload = () => this.finish(request);
      request.onerror = () => this.fail();
      request.open("POST", this.url);
      this.sent = 0;
      this.stage = "sending";
      request.send(form);
    },
    finish(request) {
      let answer;
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        this.fail();
        return;
      }
      this.stage = "";
      if (answer.ok) this.$emit("uploaded", answer.dataset.id);
      else this.$emit("refused", { code: answer.code, details: answer.details });
    },
    fail() {
      this.stage = "";
      this.own = this.words.broken;
    },
  },
};
