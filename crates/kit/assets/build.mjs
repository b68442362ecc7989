// Assembles vendor/ from the npm packages of the lock file: the parts of Tabler we use, htmx, a trimmed
// ECharts, two fonts and a sprite of icons. kit embeds the folder; nothing in it is committed.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import * as sass from 'sass';

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, 'node_modules');
const vendor = path.join(here, 'vendor');
const staging = path.join(here, 'vendor.new');

fs.rmSync(staging, { recursive: true, force: true });
for (const folder of ['fonts', 'images']) fs.mkdirSync(path.join(staging, folder), { recursive: true });
const write = (name, text) => fs.writeFileSync(path.join(staging, name), text);
const read = (...parts) => fs.readFileSync(path.join(modules, ...parts), 'utf8');

/** The page's content-security policy allows no data: addresses, so every inlined image becomes a file. */
function imagesToFiles(css) {
  const seen = new Map();
  return css.replace(/url\("data:image\/svg\+xml,([^"]*)"\)/g, (_, data) => {
    const svg = decodeURIComponent(data);
    if (!seen.has(svg)) {
      seen.set(svg, `images/tabler-${seen.size + 1}.svg`);
      write(seen.get(svg), svg);
    }
    return `url(${seen.get(svg)})`;
  });
}

function tabler() {
  const result = sass.compile(path.join(here, 'styles', 'tabler.scss'), {
    loadPaths: [path.join(modules, '@tabler', 'core', 'scss')],
    style: 'compressed',
    quietDeps: true,
  });
  const css = imagesToFiles(result.css);
  if (css.includes('data:')) throw new Error('tabler.css still holds a data: address');
  write('tabler.css', css);
}

function fonts() {
  const wanted = [
    ['inter', 'Inter Variable'],
    ['jetbrains-mono', 'JetBrains Mono Variable'],
  ];
  let css = '';
  for (const [folder, family] of wanted) {
    const source = read('@fontsource-variable', folder, 'index.css');
    for (const subset of ['vietnamese', 'latin-ext', 'latin']) {
      const name = `${folder}-${subset}-wght-normal`;
      const block = source.slice(source.indexOf(`/* ${name} */`));
      const range = /unicode-range: ([^;]+);/.exec(block)?.[1];
      if (!range || !source.includes(`/* ${name} */`)) throw new Error(`no ${name} in the font package`);
      const weights = /font-weight: ([^;]+);/.exec(block)[1];
      fs.copyFileSync(
        path.join(modules, '@fontsource-variable', folder, 'files', `${name}.woff2`),
        path.join(staging, 'fonts', `${name}.woff2`),
      );
      css +=
        `@font-face{font-family:'${family}';font-style:normal;font-display:swap;font-weight:${weights};` +
        `src:url(fonts/${name}.woff2) format('woff2');unicode-range:${range}}\n`;
    }
  }
  write('fonts.css', css);
}

function sprite() {
  const names = fs
    .readFileSync(path.join(here, 'icons.txt'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'));
  const symbols = names.map((name) => {
    const svg = read('@tabler', 'icons', 'icons', 'outline', `${name}.svg`);
    const inner = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(svg)[1].replace(/\s*\n\s*/g, '');
    return (
      `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" ` +
      `stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`
    );
  });
  write('icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('\n')}</svg>\n`);
  return names.length;
}

async function scripts() {
  fs.copyFileSync(path.join(modules, 'htmx.org', 'dist', 'htmx.min.js'), path.join(staging, 'htmx.js'));
  await build({
    entryPoints: [path.join(here, 'styles', 'echarts.js')],
    outfile: path.join(staging, 'echarts.js'),
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    legalComments: 'none',
    nodePaths: [modules],
    logLevel: 'warning',
  });
}

function licences() {
  const packages = [
    '@fontsource-variable/inter',
    '@fontsource-variable/jetbrains-mono',
    '@tabler/core',
    '@tabler/icons',
    'echarts',
    'htmx.org',
    'zrender',
  ];
  let text = 'Browser libraries embedded in this program, with their licences.\n';
  for (const name of packages) {
    const { version, license = 'see below' } = JSON.parse(read(name, 'package.json'));
    text += `\n==== ${name} ${version} (${license}) ====\n`;
    const file = fs.readdirSync(path.join(modules, name)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file) text += read(name, file);
  }
  write('LICENCES.txt', text);
}

tabler();
fonts();
const icons = sprite();
await scripts();
licences();
fs.rmSync(vendor, { recursive: true, force: true });
fs.renameSync(staging, vendor);
const size = fs
  .readdirSync(vendor, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .reduce((sum, entry) => sum + fs.statSync(path.join(entry.parentPath, entry.name)).size, 0);
console.log(`vendor/ assembled: ${icons} icons, ${Math.round(size / 1024)} KiB`);
