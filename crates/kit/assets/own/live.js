// News from the server. One tab of a browser holds the stream and tells the others; the next tab takes over when
// it closes and resumes after the last id. Pages hear DOM events on the body: `live:<topic>` and `live:news`.
import { settings, text } from './settings.js';

const TOPICS = settings.topics ?? [];
const LAST = 'luytre-live-last';

function dispatch(news) {
  const detail = { id: news.id, topic: news.topic, data: news.data };
  document.body.dispatchEvent(new CustomEvent(`live:${news.topic}`, { detail }));
  document.body.dispatchEvent(new CustomEvent('live:news', { detail }));
}

/** Opens the stream and hands every piece of news to `tell`. Never resolves: the tab leads until it closes. */
function lead(tell, announce) {
  return new Promise(() => {
    const last = sessionLast();
    const address = last ? `${settings.live}?after=${encodeURIComponent(last)}` : settings.live;
    const source = new EventSource(address);
    let lost = false;
    source.addEventListener('error', () => {
      if (!lost) announce(text('shell-live-lost'));
      lost = true;
    });
    source.addEventListener('open', () => {
      if (lost) announce(text('shell-live-back'));
      lost = false;
    });
    for (const topic of TOPICS) {
      source.addEventListener(topic, (event) => {
        let data = null;
        try {
          data = JSON.parse(event.data);
        } catch {
          // News without readable data still says that there is news.
        }
        if (event.lastEventId) keepLast(event.lastEventId);
        tell({ id: event.lastEventId, topic, data });
      });
    }
  });
}

function sessionLast() {
  try {
    return localStorage.getItem(LAST);
  } catch {
    return null;
  }
}

function keepLast(id) {
  try {
    localStorage.setItem(LAST, id);
  } catch {
    // Without storage the next leader starts with what is new.
  }
}

/** Asks for the page again and puts the renewed rows where the old ones stood. */
function renew(place) {
  const target = `#${place.dataset.liveTarget}`;
  return window.htmx.ajax('GET', location.pathname + location.search, { target, select: target, swap: 'outerHTML show:none' });
}

function isBusy(place) {
  return place.contains(document.activeElement) || place.querySelector('tr[aria-current], .row-chosen, details[open]') !== null;
}

/** Acts of colleagues change rows; only what came in adds rows. */
function addsRow({ topic, data }) {
  return topic === 'inbox' || data?.new === true;
}

/** Rows wait behind a counter, or renew themselves where the page says so or nothing could jump. */
function startPlaces() {
  const waiting = new WeakMap();
  const timers = new WeakMap();

  const show = async (place) => {
    waiting.set(place, 0);
    const button = place.querySelector('[data-live-show]');
    button.hidden = true;
    await renew(place);
    document.getElementById(place.dataset.liveTarget)?.classList.add('arrived');
  };

  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-live-show]');
    if (button) show(button.closest('[data-live]'));
  });

  document.body.addEventListener('live:news', (event) => {
    for (const place of document.querySelectorAll('[data-live]')) {
      if (!place.dataset.live.split(' ').includes(event.detail.topic)) continue;
      const count = (waiting.get(place) ?? 0) + (addsRow(event.detail) ? 1 : 0);
      waiting.set(place, count);
      const mayRenew = place.dataset.liveMode === 'auto' || (window.scrollY < 40 && !isBusy(place) && !location.search.includes('open='));
      if (mayRenew) {
        clearTimeout(timers.get(place));
        timers.set(place, setTimeout(() => show(place), 700));
      } else {
        const button = place.querySelector('[data-live-show]');
        button.textContent = count > 0 ? text('shell-new-rows', { count }) : text('shell-rows-changed');
        button.hidden = false;
      }
    }
  });
}

export function startLive(announce) {
  startPlaces();
  if (!settings.live) return;
  const channel = 'BroadcastChannel' in window ? new BroadcastChannel('luytre-live') : null;
  channel?.addEventListener('message', (event) => dispatch(event.data));
  const tell = (news) => {
    dispatch(news);
    channel?.postMessage(news);
  };
  if (navigator.locks && channel) {
    navigator.locks.request('luytre-live', () => lead(tell, announce));
  } else {
    lead(dispatch, announce);
  }
}
