// Keeps relative times and deadlines true while the page stands open.
import { serverNow, settings, text } from './settings.js';

const MINUTE = 60_000;
const lang = settings.lang;
const unit = (name) => new Intl.NumberFormat(lang, { style: 'unit', unit: name, unitDisplay: lang === 'vi' ? 'long' : 'short' });
const units = { second: unit('second'), minute: unit('minute'), hour: unit('hour'), day: unit('day') };
const relative = new Intl.RelativeTimeFormat(lang, { numeric: 'always' });

/** The two largest units, as the server writes them. */
function duration(length) {
  const minutes = Math.floor(length / MINUTE);
  if (length < MINUTE) return units.second.format(Math.floor(length / 1000));
  if (minutes < 60) return units.minute.format(minutes);
  const [large, size, small, rest] = minutes < 1440
    ? ['hour', 60, 'minute', minutes % 60]
    : ['day', 1440, 'hour', Math.floor((minutes % 1440) / 60)];
  const first = units[large].format(Math.floor(minutes / size));
  return rest > 0 ? `${first} ${units[small].format(rest)}` : first;
}

function refreshUntil(element, now) {
  const left = Date.parse(element.dateTime) - now;
  element.classList.toggle('until-late', left < 0);
  const words = text(left >= 0 ? 'shell-left' : 'shell-late-by', { duration: duration(Math.abs(left)) });
  if (element.textContent !== words) element.textContent = words;
}

/** Only the last hour is told in minutes; older times stand still and need no refreshing. */
function refreshTime(element, now) {
  const gap = now - Date.parse(element.dateTime);
  const minutes = Math.floor(Math.abs(gap) / MINUTE);
  if (minutes < 1 || minutes >= 60) return;
  const words = relative.format(gap > 0 ? -minutes : minutes, 'minute');
  if (element.textContent !== words) element.textContent = words;
}

function refresh() {
  if (document.hidden) return;
  const now = serverNow();
  for (const element of document.querySelectorAll('time[data-until]')) refreshUntil(element, now);
  for (const element of document.querySelectorAll('time[data-absolute]:not([data-until])')) refreshTime(element, now);
}

export function startTimes() {
  setInterval(refresh, 1000);
  document.addEventListener('visibilitychange', refresh);
}
