// Finds the pages of the program by following its own links: one address for each kind of page.

const ID = /\/(?:[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|\d+|[A-Z]{2,}-[\w-]*\d+|[a-z]+_?\d[\w-]*|(?<=\/regulations\/)[\w-]+\.[\w.-]+)(?=\/|$)/g;
const SKIP = /^\/(?:assets|live|sign-out|api|health)(?:\/|$)|\.(?:csv|json|docx|xlsx|zip)$|[?&]format=/;

// `/incidents/0190…?open=3` is of the kind of all incidents with an open row; filters make no other kind.
export function kindOf(address) {
  const url = new URL(address, 'http://x');
  const shape = url.pathname.replaceAll(ID, '/*');
  return url.searchParams.has('open') ? `${shape}?open` : shape;
}

/** Addresses by kind, reached from the start page, at most `limit` kinds. */
export async function crawl(page, { start = '/', limit = 60 } = {}) {
  const kinds = new Map([[kindOf(start), start]]);
  const queue = [start];
  const broken = [];
  while (queue.length > 0) {
    const address = queue.shift();
    const answer = await page.goto(address, { waitUntil: 'domcontentloaded' });
    if (!answer || answer.status() >= 400) {
      broken.push(`${address}: ${answer?.status() ?? 'no answer'}`);
      continue;
    }
    if (!/text\/html/.test(answer.headers()['content-type'] ?? '')) continue;
    const found = await page.evaluate(() => [...document.querySelectorAll('a[href]')].map((link) => new URL(link.getAttribute('href'), location).href));
    for (const href of found) {
      const url = new URL(href);
      if (url.origin !== new URL(page.url()).origin || SKIP.test(url.pathname + url.search)) continue;
      // A filter may leave a page empty; the whole list shows more. An open row is a kind of its own.
      const whole = url.searchParams.has('open') || /^\/search\/./.test(url.pathname);
      const next = whole ? url.pathname + url.search : url.pathname;
      const kind = kindOf(next);
      if (kinds.has(kind) || kinds.size >= limit) continue;
      kinds.set(kind, next);
      queue.push(next);
    }
  }
  return { kinds, broken };
}
