// Charts from options in a data block. Colours come from the page, so both themes and print are right; dragging
// over a histogram goes to that span of time.
import { settings } from './settings.js';

let library;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Custom properties hold light-dark(); a probe resolves them to what is painted. */
function painted(name) {
  const probe = document.createElement('span');
  probe.className = 'chart-probe';
  document.body.append(probe);
  probe.style.color = `var(--${name})`;
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value || colour(name);
}

const number = new Intl.NumberFormat(settings.lang);
const HATCHES = [null, { symbol: 'rect', rotation: 0.8, dashArrayX: [1, 0], dashArrayY: [2, 4] }];

/** Room that one letter of a label takes, and the gap between two labels. */
const LETTER = 6.5;
const GAP = 44;

/** Labels left out between two that are shown, so that they stand apart at this width. */
function leftOut(labels, width) {
  const longest = Math.max(...labels.map((label) => label.length), 1);
  const room = Math.max(Math.floor((width - 60) / (longest * LETTER + GAP)), 1);
  return Math.max(Math.ceil(labels.length / room) - 1, 0);
}

function dressed(options, width) {
  const ink = painted('ink-soft');
  const line = painted('line');
  const paper = painted('paper-raised');
  const axis = { axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: ink, hideOverlap: true }, splitLine: { lineStyle: { color: line } } };
  return {
    ...options,
    textStyle: { fontFamily: 'Inter Variable, sans-serif', fontSize: 12 },
    legend: { ...options.legend, textStyle: { color: painted('ink') } },
    tooltip: { ...options.tooltip, valueFormatter: (value) => number.format(value), backgroundColor: paper, borderColor: line, textStyle: { color: painted('ink') } },
    xAxis: {
      ...axis,
      splitLine: { show: false },
      ...options.xAxis,
      axisLabel: { ...axis.axisLabel, interval: leftOut(options.xAxis.data, width), alignMaxLabel: 'right' },
    },
    yAxis: { ...axis, ...options.yAxis, axisLabel: { ...axis.axisLabel, formatter: (value) => number.format(value) } },
    aria: { enabled: false, decal: { show: false } },
    series: options.series.map(({ colour: name, ...series }, index) => ({
      ...series,
      barCategoryGap: '12%',
      itemStyle: { color: painted(name || 'accent'), decal: HATCHES[index % 2] ? { ...HATCHES[1], color: painted('paper') } : undefined },
    })),
  };
}

const drawn = new WeakMap();

/** Draws a chart again whose block has new figures for the same buckets. */
export function redrawChart(place) {
  drawn.get(place)?.();
}

export async function drawChart(place) {
  const block = document.getElementById(place.dataset.chart);
  if (!block) return;
  library ??= import(settings.charts);
  const { init } = await library;
  const { starts, zoom } = JSON.parse(block.textContent);
  const chart = init(place, null, { renderer: 'canvas' });
  const draw = () => chart.setOption(dressed(JSON.parse(block.textContent).options, chart.getWidth()), true);
  draw();
  drawn.set(place, draw);
  new ResizeObserver(() => {
    chart.resize();
    draw();
  }).observe(place);
  const print = window.matchMedia('print');
  print.addEventListener('change', draw);
  if (zoom) dragToZoom(place, chart, starts, zoom);
}

function dragToZoom(place, chart, starts, zoom) {
  let from = null;
  let mark = null;
  const at = (event) => event.clientX - place.getBoundingClientRect().left;
  const bucket = (x) => Math.min(Math.max(Math.round(chart.convertFromPixel({ xAxisIndex: 0 }, x)), 0), starts.length - 2);
  place.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || starts.length < 2) return;
    from = at(event);
    mark = document.createElement('div');
    mark.className = 'chart-zoom';
    place.append(mark);
    place.setPointerCapture(event.pointerId);
  });
  place.addEventListener('pointermove', (event) => {
    if (from === null) return;
    const to = at(event);
    mark.style.left = `${Math.min(from, to)}px`;
    mark.style.width = `${Math.abs(to - from)}px`;
  });
  const end = (event) => {
    if (from === null) return;
    const to = at(event);
    mark.remove();
    const width = Math.abs(to - from);
    const [first, last] = [bucket(Math.min(from, to)), bucket(Math.max(from, to))];
    from = null;
    if (event.type === 'pointercancel' || width < 6) return;
    const address = new URL(location.href);
    address.searchParams.set(zoom.from, new Date(starts[first]).toISOString());
    address.searchParams.set(zoom.to, new Date(starts[last + 1]).toISOString());
    address.searchParams.delete('page');
    location.assign(address);
  };
  place.addEventListener('pointerup', end);
  place.addEventListener('pointercancel', end);
}
