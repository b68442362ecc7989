// A search that goes on after its first rows. A door in front of the program holds back what comes after the first
// figures, so that the page is seen in the middle of its count for as long as the journey wants.
import http from 'node:http';

export const name = 'a search shows its rows first, then its total, and stops when told to';

const PAGE = '/search?range=all';

/** Passes everything on; of a count only the first figures until `release()`. `open()` says how many counts are open. */
async function startDoor(program) {
  const target = new URL(program.address);
  let [held, waiting, open] = [true, [], 0];
  const server = http.createServer((asked, answer) => {
    const onward = http.request({ host: target.hostname, port: target.port, path: asked.url, method: asked.method, headers: asked.headers });
    onward.on('error', () => answer.destroy());
    onward.on('response', (come) => {
      answer.writeHead(come.statusCode, come.headers);
      if (!asked.url.startsWith('/search/counting')) return come.pipe(answer);
      open += 1;
      answer.on('close', () => {
        open -= 1;
        onward.destroy();
      });
      let text = '';
      const pass = () => {
        if (!held) {
          answer.write(text);
          text = '';
          return;
        }
        const end = text.indexOf('\n\n', text.indexOf('event: way')) + 2;
        if (text.includes('event: way') && end > 1 && !answer.first) {
          answer.first = true;
          // The first figures may be the last ones: those are held back as well.
          const first = text.slice(0, end);
          if (!/<progress[^>]* hidden>/.test(first)) {
            answer.write(first);
            text = text.slice(end);
          }
        }
      };
      waiting.push(pass);
      come.setEncoding('utf8');
      come.on('data', (more) => {
        text += more;
        pass();
      });
      come.on('end', () => (held ? waiting.push(() => answer.end()) : answer.end()));
    });
    asked.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    open: () => open,
    release: () => {
      held = false;
      for (const pass of waiting) pass();
      waiting = [];
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export default async function journey({ visitor, check, accessible, program }) {
  const door = await startDoor(program);
  try {
    const page = await visitor({ role: 'trucban' });
    const total = page.locator('[data-counted=summary] strong');
    const stop = page.locator('[data-counting-stop]');
    // A fresh demonstration has few events; a count goes on after the first page once there are some pages.
    for (let left = 90; left > 0; left -= 1) {
      await page.goto(`${PAGE}&whole=1`);
      if (Number((await total.textContent()).replaceAll(/\D/g, '')) > 500) break;
      await page.waitForTimeout(1000);
    }
    await page.goto(door.address + PAGE);
    await stop.waitFor();
    check((await page.locator('[data-counted=rows] tr').count()) > 0, 'no rows while the total is counted');
    check((await total.textContent()).startsWith('≥'), `a total that is not known yet reads ${await total.textContent()}`);
    const top = () => page.locator('.search-panes').evaluate((panes) => Math.round(panes.getBoundingClientRect().top + scrollY));
    const before = await top();
    await accessible(page, 'a search under way');

    await stop.focus();
    await page.keyboard.press('Enter');
    await page.getByText(/^Đã dừng:/).first().waitFor();
    check(await stop.isHidden(), 'the button stays after it was pressed');
    check((await total.textContent()).startsWith('≥'), 'a count that was stopped is shown as whole');
    check((await top()) === before, `the rows moved by ${(await top()) - before} px`);
    while (door.open() > 0) await page.waitForTimeout(20);

    await page.reload();
    await stop.waitFor();
    door.release();
    await page.locator('[data-counting][data-ended]').waitFor({ state: 'attached' });
    check(!(await total.textContent()).startsWith('≥'), `the whole is counted but reads ${await total.textContent()}`);
    check((await top()) === before, `the rows moved by ${(await top()) - before} px`);
    check((await page.locator('[data-counted=rows] tr').count()) === 100, 'a page is not full');
    const words = await page.locator('[data-counting-said]').textContent();
    check(words.includes('Đã đếm xong'), `those who hear the page were told: ${words}`);

    const plain = await visitor({ role: 'trucban', scripts: false, width: 320, height: 640 });
    await plain.goto(PAGE);
    await plain.locator('noscript a, a[href*="whole=1"]').first().click();
    await plain.waitForURL(/whole=1/);
    const whole = plain.locator('[data-counted=summary] strong');
    check(!(await whole.textContent()).startsWith('≥'), 'without scripts the total is not counted');
  } finally {
    door.stop();
  }
}
