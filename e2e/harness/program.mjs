// Starts the real program with a fresh demonstration and knows how to sign in. This file alone knows what the
// command prints; journeys ask `program.signInLink(role)`.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const START_LIMIT_MS = 180_000;

/** A port that nobody uses at the moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The object that `demo --json` prints, once it is complete: `{ address, doors, links: [{ role, account, url }] }`. */
function readStart(output) {
  const start = output.indexOf('{');
  if (start < 0) return null;
  try {
    return JSON.parse(output.slice(start));
  } catch {
    return null;
  }
}

/** Links by role. Each works once, so a role's link is handed out once; the browser keeps the session. */
function signInLinks(links) {
  const left = [...links];
  return (role) => {
    const at = left.findIndex((link) => link.role === role || link.account === role);
    if (at < 0) throw new Error(`no sign-in link left for ${role}; given were ${links.map((link) => link.role).join(', ')}`);
    return left.splice(at, 1)[0].url;
  };
}

/**
 * Starts `LUYTRE_BINARY demo`, or uses the server at `LUYTRE_ADDRESS` (whose printed start is in `LUYTRE_START`). A journey
 * that needs settings of its own names them in `settings` as environment, and gets a program of its own.
 */
export async function startProgram(options = [], settings = null) {
  if (process.env.LUYTRE_ADDRESS && !settings) {
    const { links = [], doors = {} } = JSON.parse(process.env.LUYTRE_START ?? '{}');
    const address = process.env.LUYTRE_ADDRESS.replace(/\/$/, '');
    return { address, doors, links, signInLink: signInLinks(links), stop: async () => {}, log: () => '' };
  }
  const binary = process.env.LUYTRE_BINARY;
  if (!binary) throw new Error('LUYTRE_BINARY names no program and LUYTRE_ADDRESS no server');
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'luytre-e2e-'));
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const child = spawn(binary, ['--data-dir', directory, 'demo', '--json', '--port', String(port), ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // The demonstration is small: with small slices its searches go on after the first page as those of a year do.
    env: { LUYTRE_SEARCH__FIRST_SLICE: '20', ...process.env, ...settings, LUYTRE_LOG: process.env.LUYTRE_LOG ?? 'warn' },
  });
  let output = '';
  let log = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (log = (log + data).slice(-200_000)));
  let ended = null;
  child.on('exit', (code, signal) => (ended = `the program ended with ${code ?? signal}\n${log}`));
  const stop = async () => {
    if (ended === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await gone;
      clearTimeout(timer);
    }
    fs.rmSync(directory, { recursive: true, force: true });
  };
  const limit = Date.now() + START_LIMIT_MS;
  for (;;) {
    if (ended) throw new Error(ended);
    if (Date.now() > limit) {
      await stop();
      throw new Error(`the program did not answer within ${START_LIMIT_MS / 1000} s\n${output}\n${log}`);
    }
    const answers = await fetch(`${address}/sign-in`, { redirect: 'manual' }).then((answer) => answer.status < 500, () => false);
    const start = readStart(output);
    if (answers && start) {
      return { ...start, address, directory, signInLink: signInLinks(start.links), stop, log: () => log };
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
