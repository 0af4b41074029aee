export default {
  template: `
    <div class="form">
      <div class="actions" role="group" :aria-label="words.measure">
        <button v-for="(measure, i) in measures" :key="i" type="button" class="plain-button" :aria-pressed="String(i === chosen)" @click="chosen = i">{{ measure.name }}</button>
      </div>
      <p class="soft small">{{ measures[chosen].summary }}</p>
      <div class="table-wrap" role="region" tabindex="0" :aria-label="words.caption">
        <table class="heat">
          <caption class="sr-only">{{ words.caption }}</caption>
          <thead><tr><td></td><th v-for="(name, i) in names" :key="i" scope="col" dir="auto" :title="name">{{ name }}</th></tr></thead>
          <tbody>
            <tr v-for="(name, i) in names" :key="i">
              <th scope="row" dir="auto" :title="name">{{ name }}</th>
              <td v-for="(cell, j) in measures[chosen].cells[i]" :key="j" class="tabular" :class="{ negative: cell[0] < 0 }" :style="{ '--strength': Math.abs(cell[0]) }"><bdi>{{ cell[1] }}</bdi></td>
            </tr>
          </tbody>
        </table>
      </div>
    </div>`,
  props: { names: Array, measures: Array, words: Object },
  data: () => ({ chosen: 0 }),
};
