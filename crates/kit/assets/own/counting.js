// A search that is still being counted: rows, figures and field list that the server drew fill in as they come, until
// all is counted or somebody has seen enough. Leaving the page or stopping closes the stream, which ends the search.
import { redrawChart } from './charts.js';
import { nameCells } from './rows.js';

const part = (name) => document.querySelector(`[data-counted="${name}"]`);

function parsed(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
}

function addRows(html) {
  const rows = part('rows');
  const before = rows.lastElementChild;
  rows.append(parsed(html));
  for (let row = before?.nextElementSibling ?? rows.firstElementChild; row; row = row.nextElementSibling) window.htmx?.process(row);
  nameCells([rows.closest('table')]);
  part('none').replaceChildren();
}

/** The chart stays and gets its new figures; so does the table behind it. */
function fillHistogram(html) {
  const [fresh, old] = [parsed(html), part('histogram')];
  old.querySelector('script').textContent = fresh.querySelector('script').textContent;
  old.querySelector('tbody').replaceWith(fresh.querySelector('tbody'));
  redrawChart(old.querySelector('[data-chart]'));
}

/** What was opened or closed stays so; where somebody is in the list by keyboard, it waits until they leave it. */
function fillFields(html) {
  const list = part('fields');
  const open = new Map([...list.querySelectorAll('details')].map((field) => [field.dataset.field, field.open]));
  const fresh = parsed(html);
  for (const field of fresh.querySelectorAll('details')) field.open = open.get(field.dataset.field) ?? field.open;
  const fill = () => list.replaceChildren(fresh);
  list.waiting?.abort();
  if (!list.contains(document.activeElement)) return fill();
  list.waiting = new AbortController();
  list.addEventListener('focusout', fill, { once: true, signal: list.waiting.signal });
}

function count(place) {
  const way = part('way');
  const stop = place.querySelector('[data-counting-stop]');
  const said = place.querySelector('[data-counting-said]');
  const source = new EventSource(place.dataset.counting);

  const end = (words) => {
    source.close();
    const focused = document.activeElement === stop;
    stop.hidden = true;
    way.querySelector('progress').hidden = true;
    if (focused) way.focus();
    said.textContent = words;
    place.dataset.ended = '';
  };
  /** Ended from outside: the server can say nothing more, so its words for this came before. */
  const cut = (why) => {
    if ('ended' in place.dataset) return;
    const words = way.querySelector(`[data-way-${why}]`)?.content.textContent ?? '';
    way.querySelector('[data-way-words]').textContent = words;
    way.querySelector('[data-way-files]')?.remove();
    end(words);
  };
  const on = (name, act) => source.addEventListener(name, (event) => act(event.data));

  on('rows', addRows);
  on('histogram', fillHistogram);
  on('fields', fillFields);
  on('summary', (html) => part('summary').replaceChildren(parsed(html)));
  on('older', (html) => part('older').replaceChildren(parsed(html)));
  on('way', (html) => way.replaceChildren(parsed(html)));
  on('none', (html) => {
    part('none').replaceChildren(parsed(html));
    part('histogram').hidden = true;
    document.querySelector('.search-panes').hidden = true;
  });
  on('end', end);
  on('failed', (words) => {
    way.querySelector('[data-way-words]').textContent = words;
    way.querySelector('[data-way-files]')?.remove();
    end(words);
  });
  // The browser would connect again and the count begin anew, unasked.
  source.addEventListener('error', () => cut('lost'));
  stop.hidden = false;
  stop.addEventListener('click', () => cut('stopped'));
  addEventListener('pagehide', () => cut('stopped'));
}

for (const place of document.querySelectorAll('[data-counting]')) count(place);
