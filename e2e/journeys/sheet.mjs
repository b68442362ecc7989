// A table comes as a file: what was tried is what is taken. Without scripts there is no field for a file, and the table
// is pasted.
export const name = 'a table of agencies comes as a file, is tried and then taken';

const TABLE = 'code,name,kind\nTHU-TEP,Xã Thử Tệp,commune\nTHU-SAI,Xã Sai,kingdom\n';

export default async function journey({ visitor, check, accessible }) {
  const page = await visitor({ role: 'quantri' });
  await page.goto('/agencies/import');
  await page.locator('#chosen').setInputFiles({ name: 'lớn.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.alloc(800_000) });
  await page.locator('[data-sheet-refused]').waitFor();
  await page.locator('#chosen').setInputFiles({ name: 'xã.csv', mimeType: 'text/csv', buffer: Buffer.from(TABLE) });
  await page.locator('#sheet:disabled').waitFor();
  check(await page.locator('[data-sheet-refused]').isHidden(), 'a file that fits is still called too large');
  await accessible(page, 'a file is chosen');
  await page.locator('form:has(#chosen) button[type=submit]').click();
  await page.locator('main th code', { hasText: 'THU-TEP' }).waitFor();
  await accessible(page, 'dry run of a file');
  await page.locator('form:has(input[name=take]) button[type=submit]').click();
  await page.locator('.flash').first().waitFor();
  check((await page.locator('form:has(input[name=take])').count()) === 0, 'what was taken can be taken again');
  await page.goto('/agencies?q=THU-TEP');
  await page.locator('main code', { hasText: 'THU-TEP' }).first().waitFor();

  const plain = await visitor({ role: 'quantri', scripts: false });
  await plain.goto('/agencies/import');
  check(await plain.locator('#chosen').isHidden(), 'a field for a file that nothing would read');
  await plain.locator('#sheet').fill(TABLE);
  await plain.locator('form:has(#sheet) button[type=submit]').last().click();
  await plain.locator('main th code', { hasText: 'THU-SAI' }).waitFor();
}
