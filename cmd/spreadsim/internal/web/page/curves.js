// The samples of one film, or of two, as curves.

import uPlot from "uPlot";
import {make} from "words";

// Each plot has its lines: a name, a colour of the style sheet, and the value of a
// sample.
const share = x => x === null ? null : 100 * x;
const plots = [
  {title: "Shares of live nodes", unit: "%", lines: [
    {name: "registered", colour: "accent", value: s => share(s.registered)},
    {name: "reached by a search", colour: "search", value: s => share(s.coverage)},
    {name: "knows the exact size", colour: "lost", value: s => share(s.exact_size)},
  ]},
  {title: "Live nodes", unit: "", lines: [
    {name: "alive", colour: "accent", value: s => s.alive},
  ]},
  {title: "Masters", unit: "", lines: [
    {name: "masters", colour: "accent", value: s => s.masters},
    {name: "expected", colour: "lost", value: s => s.masters_expected},
  ]},
  {title: "Requests between two samples", unit: "for each live node", lines: [
    {name: "requests", colour: "accent", value: s => s.alive ? s.requests / s.alive : null},
  ]},
];

// short writes a number of an axis: 20k.
const short = x => x === null ? "" : x >= 10000 ? x / 1000 + "k" : String(x);

export class Curves {
  constructor(place, films) {
    this.place = place;
    this.films = films;
    this.count = -1;
    this.width = 0;
    this.time = 0;
    this.charts = [];
    const again = () => { this.count = -1; };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  }

  // update draws anew if there are more samples, or another width.
  update(time) {
    const count = this.films.reduce((sum, f) => sum + f.samples.length, 0), width = this.place.clientWidth;
    if (width !== this.width) this.build(width);
    if (count !== this.count) {
      if (this.count < 0) this.build(width);
      this.count = count;
      this.charts.forEach((chart, k) => {
        chart.setData(this.data(plots[k]));
        chart.told = -1;
        this.legend(chart);
      });
    }
    if (time !== this.time) {
      this.time = time;
      for (const chart of this.charts) this.legend(chart);
    }
  }

  // data is the table of a plot: times, and for each film and line a column.
  data(plot) {
    const times = [...new Set(this.films.flatMap(f => f.samples.map(s => s.at_s)))].sort((a, b) => a - b);
    const columns = [times];
    for (const film of this.films) {
      const at = new Map(film.samples.map(s => [s.at_s, s]));
      for (const line of plot.lines) columns.push(times.map(t => at.has(t) ? line.value(at.get(t)) : undefined));
    }
    return columns;
  }

  build(width) {
    this.width = width;
    for (const chart of this.charts) chart.destroy();
    this.place.textContent = "";
    this.charts = plots.map(plot => {
      const figure = document.createElement("figure");
      figure.append(make("h3", plot.unit ? `${plot.title}, ${plot.unit}` : plot.title));
      this.place.append(figure);
      const chart = new uPlot(this.options(plot, figure.clientWidth - 20), this.data(plot), figure);
      chart.root.setAttribute("aria-hidden", "true"); // the list below says it
      chart.values = this.keys(plot, figure);
      chart.mark = make("div", "", "now");
      chart.over.append(chart.mark);
      return chart;
    });
    for (const chart of this.charts) this.legend(chart);
    this.count = this.films.reduce((sum, f) => sum + f.samples.length, 0);
  }

  // keys adds the names of the lines, with a place for the value of each.
  keys(plot, figure) {
    const list = make("ul", "", "legend"), values = [];
    this.films.forEach((film, f) => {
      for (const line of plot.lines) {
        const item = make("li"), key = make("span", "", f ? "key line dashed" : "key line"), value = make("b");
        key.style.borderColor = `var(--${line.colour})`;
        item.append(key, this.films.length > 1 ? `${line.name}, ${"AB"[f]} ` : line.name + " ", value);
        list.append(item);
        values.push(value);
      }
    });
    figure.append(list);
    return values;
  }

  options(plot, width) {
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue("--" + name).trim();
    const axis = {stroke: colour("soft"), grid: {stroke: colour("line"), width: 1}, ticks: {stroke: colour("line"), width: 1}, size: 46};
    const series = [{}];
    this.films.forEach((film, f) => {
      for (const line of plot.lines) series.push({stroke: colour(line.colour), width: 2, dash: f ? [6, 4] : [], spanGaps: true, points: {show: false}});
    });
    return {
      width: Math.max(200, width), height: this.films.length > 1 ? 190 : 120, series,
      scales: {x: {time: false}, y: {range: (_, low, high) => [0, plot.unit === "%" ? 100 : Math.max(1, high * 1.05)]}},
      axes: [{...axis, size: 30, values: (_, v) => v.map(x => x + " s")}, {...axis, values: (_, v) => v.map(short)}],
      cursor: {show: false},
      legend: {show: false},
    };
  }

  // legend tells the values of the latest sample up to the time, and marks the time. The
  // mark is an element of its own: to draw all curves anew for it would cost a picture's
  // time.
  legend(chart) {
    const x = chart.valToPos(this.time, "x");
    chart.mark.hidden = !(x >= 0);
    chart.mark.style.transform = `translateX(${x}px)`;
    if (chart.told === this.time) return;
    chart.told = this.time;
    const times = chart.data[0];
    let at = times.findIndex(t => t > this.time + 1e-6);
    at = Math.max(0, (at < 0 ? times.length : at) - 1);
    chart.values.forEach((place, k) => {
      const value = chart.data[k + 1]?.[at];
      place.textContent = value === null || value === undefined ? "–" : String(Math.round(value * 100) / 100);
    });
  }
}
