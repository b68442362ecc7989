// The components in a real browser: keys, menus, theme and language with and without scripts, drawer, chart, axe.
export const name = 'the components work by mouse, by key and without scripts';

export default async function journey({ visitor, check, accessible }) {
  const guest = await visitor();
  await guest.goto('/gallery');
  check(new URL(guest.url()).pathname === '/sign-in', 'a guest sees the gallery');

  const page = await visitor({ role: 'dieuphoi' });
  await page.goto('/gallery');
  await page.locator('.chart-canvas canvas').first().waitFor();
  await accessible(page);

  await page.keyboard.press('Control+k');
  check(await page.evaluate(() => document.activeElement.id === 'top-search'), 'Ctrl-K does not reach the search');
  await page.keyboard.press('Escape');
  await page.evaluate(() => document.activeElement.blur());

  await page.keyboard.press('?');
  check(await page.locator('#keys[open]').isVisible(), '? does not show the keys');
  await page.keyboard.press('Escape');

  await page.keyboard.press('j');
  await page.keyboard.press('j');
  check((await page.locator('tr[aria-current]').getAttribute('data-row')) === '1', 'j does not move to the second row');
  await page.keyboard.press('x');
  check(await page.locator('tr[data-row="1"] input').isChecked(), 'x does not select');
  await page.keyboard.press('Enter');
  await page.locator('#drawer.drawer-open').waitFor();
  check(page.url().includes('open=1'), 'the open row is not in the address');
  await accessible(page, 'gallery with drawer');
  await page.keyboard.press('Escape');
  await page.locator('#drawer.drawer-open').waitFor({ state: 'detached' });

  await page.locator('.act-reason summary').first().click();
  check(await page.locator('.act-panel textarea').first().isVisible(), 'the reason is not asked');
  await page.keyboard.press('Escape');

  await page.locator('.chart-canvas').scrollIntoViewIfNeeded();
  const box = await page.locator('.chart-canvas').boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 80);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 80, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);

  for (const scripts of [true, false]) {
    const other = await visitor({ scripts, role: 'dieuphoi' });
    await other.goto('/gallery?severity=high');
    await other.locator('button[name=theme]:visible').click();
    await other.waitForSelector('html[data-bs-theme=dark]');
    await other.locator('button[name=lang]').click();
    await other.waitForSelector('html[lang=en]');
    check(other.url().endsWith('/gallery?severity=high'), 'the way back lost the filter');
    if (scripts) await accessible(other, 'gallery, dark, English');
    await other.locator('tr[data-row="2"] a[data-open]').click();
    await other.locator('#drawer.drawer-open').waitFor();
  }

  const phone = await visitor({ width: 320, height: 640, role: 'dieuphoi' });
  await phone.goto('/gallery');
  const overflow = await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(overflow <= 0, `the page is ${overflow} px wider than a phone`);
  await accessible(phone, 'gallery at 320 px');
}
