// Starts the scripts of a page. Every page works without them; they save steps.
import { settings } from './settings.js';
import { startMenus } from './menus.js';
import { startKeys } from './keys.js';
import { startFind } from './find.js';
import { startTimes } from './times.js';
import { startLive } from './live.js';
import { nameCells, startRows, watchFrames } from './rows.js';
import { offerColumns } from './columns.js';
import { startTyped } from './typed.js';
import { askPasskey } from './passkeys.js';
import { takeSheet } from './sheets.js';
import { offerCalendar } from './dates.js';

document.documentElement.classList.add('js');

/** Runs `prepare` on the page now and on everything that htmx brings later. */
function forAllContent(prepare) {
  prepare(document.body);
  document.body.addEventListener('htmx:load', (event) => {
    if (event.detail.elt !== document.body) prepare(event.detail.elt);
  });
}

function all(root, selector) {
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  return found;
}

function copyButtons(root) {
  if (!navigator.clipboard) return;
  for (const button of all(root, '[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add('copy-done');
      announce(settings.texts['shell-copied']);
    });
  }
}

/** Says something to those who hear the page. */
export function announce(text) {
  const place = document.getElementById('announce');
  if (place) place.textContent = text;
}

async function charts(root) {
  const places = all(root, '[data-chart]');
  if (places.length === 0) return;
  const { drawChart } = await import('./charts.js');
  for (const place of places) drawChart(place);
}

/** Tabs that do not fit scroll; the chosen one is seen. */
function showChosen(tabs) {
  const chosen = tabs.querySelector('[aria-current]');
  if (chosen) tabs.scrollLeft = chosen.offsetLeft - (tabs.clientWidth - chosen.offsetWidth) / 2;
}

startMenus(all, forAllContent);
startKeys();
startFind();
startTimes();
startRows();
startTyped();
startLive(announce);
forAllContent((root) => {
  copyButtons(root);
  charts(root);
  offerColumns(all(root, 'table[data-columns]'));
  nameCells(all(root, 'table.data'));
  watchFrames(all(root, '.scroll'));
  all(root, '.tabs').forEach(showChosen);
  all(root, 'form[data-passkey]').forEach(askPasskey);
  all(root, '[data-sheet]').forEach(takeSheet);
  all(root, '[data-calendar]').forEach(offerCalendar);
  // A form with errors takes the focus to its summary; an opened drawer to itself.
  all(root, '[data-focus]')[0]?.focus();
});
document.body.addEventListener('htmx:afterSettle', (event) => {
  const drawer = document.getElementById('drawer');
  if (event.target.id !== 'drawer') return;
  if (drawer?.classList.contains('drawer-open')) drawer.focus();
  else document.querySelector('tr[aria-current] [data-open]')?.focus({ preventScroll: true });
});
