// Somebody who has never kept a register: registers a system part by part, says what it is made of, brings a table and a
// scan, and takes the list home.
export const name = 'a system is registered, its inventory filled by form, table and scan, and taken out again';

const TABLE = 'Mã hệ thống,Loại,Tên,Địa chỉ IP,Tình trạng\nTHU-SO,Thiết bị,Tường lửa thử,10.99.0.1,Đang dùng\nTHU-SO,Tàu vũ trụ,Sai,,\n';
const SCAN = `<?xml version="1.0"?><!DOCTYPE nmaprun><nmaprun><host><status state="up"/><address addr="10.99.0.1" addrtype="ipv4"/></host>
<host><status state="up"/><address addr="10.99.0.77" addrtype="ipv4"/><hostnames><hostname name="may-la.example"/></hostnames></host></nmaprun>`;

export default async function journey({ visitor, check, accessible }) {
  const page = await visitor({ role: 'canbo.syt' });
  await page.goto('/systems/new');
  await accessible(page, 'form of a system');
  await page.locator('#code').fill('THU-SO');
  await page.locator('#name').fill('Hệ thống thử sổ đăng ký');
  await page.locator('#agency_id').selectOption({ index: 1 });
  await page.locator('#level').selectOption('3');
  await page.locator('#state').selectOption('operating');
  await page.locator('#basic_subjects').fill('120.000');
  await page.locator('#network_ranges').fill('10.99.0.0/16');
  await page.locator('form[action="/systems"] button[type=submit]').click();
  await page.locator('.error-summary, [role=alert]').first().waitFor();
  check(await page.locator('#basic_subjects').inputValue() === '120.000', 'what was typed is gone');
  await page.locator('#personal_information').check();
  await page.locator('form[action="/systems"] button[type=submit]').click();
  await page.waitForURL(/\/systems\/[0-9a-f-]{36}$/);
  await accessible(page, 'a system');
  const system = new URL(page.url()).pathname.split('/').pop();

  await page.locator(`a[href="/inventory?system=${system}"]`).first().click();
  await page.locator('a[href$="kind=zone"]').first().click();
  await accessible(page, 'form of an item');
  await page.locator('#name').fill('Vùng máy chủ');
  await page.locator('#addresses').fill('10.99.0.0/24');
  await page.locator('main form button[type=submit]').last().click();
  await page.locator('main th', { hasText: 'Vùng máy chủ' }).waitFor();

  await page.goto('/inventory/import');
  await page.locator('#sheet').fill(TABLE);
  await page.locator('form:has(#sheet) button[type=submit]').last().click();
  await page.locator('main th', { hasText: 'Tường lửa thử' }).waitFor();
  await page.locator('form:has(input[name=take]) button[type=submit]').click();
  await page.locator('.flash').first().waitFor();

  await page.goto(`/systems/${system}/scan`);
  await page.locator('#sheet').fill(SCAN);
  await page.locator('form:has(#sheet) button[type=submit]').last().click();
  await page.locator('main td', { hasText: '10.99.0.77' }).waitFor();
  await accessible(page, 'dry run of a scan');
  await page.locator('form:has(input[name=take]) button[type=submit]').click();
  await page.locator('.flash').first().waitFor();
  await page.goto(`/inventory?system=${system}&show=seen`);
  const waiting = await page.locator('main tbody th').allTextContents();
  check(waiting.length === 1 && waiting[0].includes('may-la.example'), `seen and not registered: ${waiting}`);
  await accessible(page, 'what was seen');

  for (const format of ['csv', 'xlsx']) {
    const answer = await page.request.get(`/inventory?system=${system}&format=${format}`);
    check(answer.ok() && (await answer.body()).length > 100, `${format} answers ${answer.status()}`);
  }
  const oscal = await (await page.request.get(`/systems/${system}/oscal`)).json();
  check(oscal['system-security-plan']['system-implementation']['inventory-items'].length === 1, 'the device is not in the file');
}
