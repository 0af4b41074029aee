// One file in the list of the upload form: how far it is, what went wrong, what becomes of it, and what can be done.
export const BUSY = new Set(["sending", "reading", "fetching"]);
export const OVER = new Set(["done", "unread", "failed", "refused", "unfinished"]);

// Whether it is said, before it is sent, that it becomes a version of a data set.
export function isNoted(item) {
  return Boolean(item.joins) && ["chosen", "failed"].includes(item.state);
}

export const TransferRow = {
  template: `
    <li class="transfer" :data-state="item.state">
      <div class="transfer-head">
        <a v-if="item.id" class="transfer-name" :href="'/datasets/' + item.id"><bdi>{{ item.title }}</bdi></a>
        <bdi v-else class="transfer-name">{{ item.title }}</bdi>
        <span v-if="item.size" class="soft small">{{ said.size(item.size) }}</span>
        <span class="transfer-actions">
          <button v-if="item.pausedUntil" type="button" class="plain-button" :aria-label="about(words.go_on_about)"
            @click="$emit('go-on')">{{ words.go_on }}</button>
          <button v-if="item.state === 'failed'" type="button" class="plain-button" :aria-label="about(words.retry_about)"
            @click="$emit('retry')">{{ words.retry }}</button>
          <button type="button" class="plain-button" :aria-label="about(isOver ? words.remove_about : words.cancel_about)"
            @click="$emit('remove')">{{ isOver ? words.remove : words.cancel }}</button>
        </span>
      </div>
      <progress v-if="item.state === 'sending'" :value="item.sent / item.size" max="1" :aria-label="item.title"></progress>
      <progress v-else-if="isWorkedOn" :aria-label="item.title"></progress>
      <p v-if="told" class="small soft tabular">{{ told }}</p>
      <p v-if="item.problem" class="error" role="alert">{{ item.problem }}</p>
      <p v-if="isNoted(item)" :id="'upload-joins-' + item.key" class="notice" data-tone="warn">{{ item.joins }}</p>
      <div v-if="hasName && item.wantsName && item.state === 'chosen'" class="field">
        <label :for="'upload-name-' + item.key">{{ words.name }}</label>
        <input :id="'upload-name-' + item.key" type="text" dir="auto" autocomplete="off" v-model="item.name"
          :aria-describedby="isNoted(item) ? 'upload-joins-' + item.key : null" @input="$emit('rename')" />
      </div>
    </li>`,
  props: { item: Object, said: Object, now: Number, hasName: Boolean },
  emits: ["go-on", "retry", "remove", "rename"],
  computed: {
    words() {
      return this.said.words;
    },
    told() {
      return this.said.tell(this.item, this.now);
    },
    isOver() {
      return OVER.has(this.item.state);
    },
    isWorkedOn() {
      return BUSY.has(this.item.state) && this.item.state !== "sending" && !this.item.turn; // nobody works on what waits
    },
  },
  methods: {
    isNoted,
    about(sentence) {
      return this.said.fill(sentence, { name: this.item.title });
    },
  },
};
