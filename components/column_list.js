export default {
  template: `
    <ul class="profile-columns" role="list">
      <li v-for="column in columns" :key="column.name" class="profile-column">
        <div class="profile-name">
          <h3><bdi>{{ column.name }}</bdi></h3>
          <select v-if="kinds.length" :value="column.kind" :aria-label="column.kind_label" @change="choose(column, $event)">
            <option v-for="kind in kinds" :key="kind.value" :value="kind.value">{{ kind.label }}</option>
          </select>
          <span v-else class="chip">{{ column.kind_name }}</span>
          <p class="soft small">{{ column.reason }}</p>
        </div>
        <div class="profile-picture">
          <p v-if="column.is_waiting" class="soft small">{{ words.waiting }}</p>
          <figure v-else-if="column.bars.length" dir="ltr">
            <svg role="img" :aria-label="column.alternative" :viewBox="'0 0 ' + column.bars.length + ' 1'" preserveAspectRatio="none">
              <rect v-for="(bar, i) in column.bars" :key="i" :x="i + 0.06" :y="1 - bar.height" width="0.88" :height="bar.height"
                :class="{ outside: bar.is_outside }"><title>{{ bar.title }}</title></rect>
            </svg>
            <figcaption class="small soft tabular" aria-hidden="true"><bdi>{{ column.low }}</bdi><bdi>{{ column.high }}</bdi></figcaption>
          </figure>
          <ul v-else-if="column.values.length" class="profile-values small" role="list">
            <li v-for="(value, i) in column.values.slice(0, shown)" :key="i">
              <bdi :title="value.label">{{ value.label }}</bdi>
              <span class="profile-bar" aria-hidden="true"><span :style="{ inlineSize: value.share * 100 + '%' }"></span></span>
              <span class="tabular soft">{{ value.percent }}</span>
            </li>
          </ul>
          <p v-else class="soft small profile-remark"><bdi>{{ column.remark }}</bdi></p>
        </div>
        <dl class="profile-counts small">
          <div>
            <dt>{{ words.missing }}</dt>
            <dd class="tabular">{{ column.missing }}</dd>
            <dd class="profile-bar" aria-hidden="true"><span :style="{ inlineSize: column.missing_share * 100 + '%' }"></span></dd>
          </div>
          <div><dt>{{ words.distinct }}</dt><dd class="tabular">{{ column.distinct }}</dd></div>
        </dl>
        <details class="profile-details" :open="opened.includes(column.name)" @toggle="remember(column.name, $event)">
          <summary><span>{{ words.details }}<span class="sr-only"> <bdi>{{ column.name }}</bdi></span></span></summary>
          <div v-if="opened.includes(column.name)" class="profile-more">
            <p v-for="(note, i) in column.notes" :key="i" class="notice">{{ note }}</p>
            <figure v-if="column.bars.length" class="profile-large" dir="ltr" :style="{ maxInlineSize: column.bars.length * 4 + 'rem' }">
              <svg aria-hidden="true" :viewBox="'0 0 ' + column.bars.length + ' 1'" preserveAspectRatio="none">
                <rect v-for="(bar, i) in column.bars" :key="i" :x="i + 0.03" :y="1 - bar.height" width="0.94" :height="bar.height"
                  :class="{ outside: bar.is_outside }"><title>{{ bar.title }}</title></rect>
              </svg>
              <figcaption class="profile-ticks small soft tabular" aria-hidden="true"><bdi v-for="(tick, i) in column.ticks" :key="i"
                :style="{ left: tick.place * 100 + '%', translate: -tick.place * 100 + '%' }">{{ tick.label }}</bdi></figcaption>
            </figure>
            <p v-if="column.outside" class="soft small">{{ column.outside }}</p>
            <dl class="profile-facts small"><div v-for="(fact, i) in column.facts" :key="i"><dt>{{ fact[0] }}</dt><dd><bdi>{{ fact[1] }}</bdi></dd></div></dl>
            <div v-if="column.values.length" class="profile-top">
              <h4 class="small">{{ words.top }}</h4>
              <ul class="profile-values small" role="list">
                <li v-for="(value, i) in column.values" :key="i">
                  <bdi>{{ value.label }}</bdi>
                  <span class="profile-bar" aria-hidden="true"><span :style="{ inlineSize: value.share * 100 + '%' }"></span></span>
                  <span class="tabular soft">{{ value.count }} · {{ value.percent }}</span>
                </li>
              </ul>
              <p v-if="column.others" class="soft small">{{ column.others }}</p>
            </div>
            <div v-if="column.examples.length" class="profile-top">
              <h4 class="small">{{ words.examples }}</h4>
              <ul class="profile-examples small" role="list"><li v-for="(example, i) in column.examples" :key="i" dir="auto">{{ example }}</li></ul>
            </div>
          </div>
        </details>
      </li>
    </ul>`,
  props: { columns: Array, kinds: Array, words: Object, shown: Number },
  emits: ["kind"],
  data: () => ({ opened: [] }),
  methods: {
    choose(column, event) {
      this.$emit("kind", { name: column.name, kind: event.target.value });
    },
    remember(name, event) {
      // The list may be drawn anew, with more in it or at another page: what was opened stays open.
      this.opened = this.opened.filter((other) => other !== name).concat(event.target.open ? [name] : []);
    },
  },
};
