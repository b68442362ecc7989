// Quick search by keyboard: pages, registers and the way into the logs; the same without scripts.
export const name = 'Ctrl K finds pages, systems and agencies by keyboard, and the logs last';

export default async function journey({ visitor, check, accessible }) {
  const page = await visitor({ role: 'ungcuu' });
  await page.goto('/');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('so y te');
  await page.locator('#top-found .found-logs').waitFor();
  const found = await page.locator('#top-found [role=option]').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  check(found.some((href) => href.startsWith('/agencies/')), `no agency among ${found}`);
  check(found.some((href) => href.startsWith('/systems/')), `no system among ${found}`);
  check(found.at(-1).startsWith('/search?q=so'), `the logs are not last in ${found}`);
  await accessible(page, 'quick search open');

  await page.keyboard.press('ArrowUp');
  check((await page.locator('#top-found [aria-selected=true]').getAttribute('id')) === 'found-logs', 'the arrow up does not go around to the last');
  await page.keyboard.press('Escape');
  check(await page.locator('#top-found').isHidden(), 'Escape does not close the list');
  check(await page.evaluate(() => document.activeElement === document.body), 'Escape keeps the focus in the box');
  const link = page.locator('main a[href]').first();
  await link.focus();
  await page.keyboard.press('Control+k');
  await page.keyboard.press('Escape');
  check(await link.evaluate((one) => document.activeElement === one), 'Escape does not lead back to where the focus was');

  await page.keyboard.press('Control+k');
  await page.keyboard.type('lich truc');
  await page.locator('#top-found [aria-selected=true][href="/roster"]').waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/roster$/);

  const plain = await visitor({ scripts: false, role: 'ungcuu', width: 320, height: 640 });
  await plain.goto('/');
  await plain.locator('#top-search').fill('so y te');
  await plain.locator('#top-search').press('Enter');
  await plain.waitForURL(/\/find\?q=/);
  await plain.locator('main a[href^="/agencies/"]').first().waitFor();
  const overflow = await plain.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(overflow <= 0, `the page is ${overflow} px wider than a phone`);
}
