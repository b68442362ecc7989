// The live tail of the search page: rows that the server drew go on top of the table as they come. The server
// thins a busy stream and ends it after a while; nothing here decides what is shown.

import { nameCells } from './rows.js';

for (const place of document.querySelectorAll('[data-tail]')) {
  const rows = place.querySelector('tbody');
  const state = place.querySelector('[data-tail-state]');
  const source = new EventSource(place.dataset.tail);
  source.addEventListener('rows', (event) => {
    const first = rows.firstElementChild;
    rows.insertAdjacentHTML('afterbegin', event.data);
    for (let row = rows.firstElementChild; row && row !== first; row = row.nextElementSibling) {
      row.classList.add('arrived');
      window.htmx?.process(row);
      nameCells([row.closest('table')]);
    }
  });
  source.addEventListener('state', (event) => { state.textContent = event.data; });
  // Refused, by the limit of tails or because the session has ended; a lost connection is tried again instead.
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) state.textContent = place.dataset.tailRefused;
  });
  // Closed for good: without this the browser would connect again and begin anew.
  source.addEventListener('full', () => source.close());
}
