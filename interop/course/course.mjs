// A network of npm nodes in one process, as a course: how many nodes are registered, are masters and know the exact size
// at the end of each round. Usage: node course.mjs '{"nodes", "rounds", "interval", "starts", "orders", "untilExact"}',
// durations in ms.
// Node i starts at starts[i]. With orders, nodes sync only when the list of the round says so, one after the other;
// without, each syncs at its start and then at every interval, by its own timer. It prints a line of JSON a round, with
// what tells whether the machine was fast enough: what must fit into an interval, in ms (the longest sync, or all of them
// with orders), and how many requests have timed out. With untilExact, the round in which all know the exact size is the
// last.

import os from 'node:os';
import path from 'node:path';
import net from 'node:net';
import fs from 'node:fs';
import { Node } from 'spreadable';
import utils from 'spreadable/src/utils.js';

utils.getExternalIp = async () => null; // it would ask four sites on the internet

const { nodes: count, rounds, interval, starts, orders, untilExact } = JSON.parse(process.argv[2]);
const storage = fs.mkdtempSync(path.join(os.tmpdir(), 'spreadable-course-'));
process.on('exit', () => fs.rmSync(storage, { recursive: true, force: true }));

// With orders, the clock is put forward to the beginning of each round: what nodes remember for a number of intervals
// lasts as many rounds, and nobody waits for it.
const now = Date.now;
let ahead = 0;
Date.now = () => now() + ahead;

let timeouts = 0;
class Watched extends Node {
  async request(...args) {
    try {
      return await super.request(...args);
    } catch (err) {
      timeouts += utils.isRequestTimeoutError(err);
      throw err;
    }
  }
}

// Ports that follow one another keep the order of addresses that of the nodes, and have the same number of digits.
async function freePorts(n) {
  for (let base = 20000 + Math.floor(Math.random() * 100) * 100; ; base = 20000 + (base + 517) % 10000) {
    const servers = [];
    try {
      for (let i = 0; i < n; i++) {
        servers.push(await new Promise((resolve, reject) => {
          const server = net.createServer().on('error', reject).listen(base + i, () => resolve(server));
        }));
      }
      return base;
    } catch {
      // one of them is in use
    } finally {
      await Promise.all(servers.map(server => new Promise(done => server.close(done))));
    }
  }
}

const base = await freePorts(count);
const nodes = Array.from({ length: count }, (_, i) => new Watched({
  port: base + i, hostname: 'localhost', initialNetworkAddress: `localhost:${ base }`, logger: false, task: false,
  storage: { path: path.join(storage, String(i)) },
  network: { isTrusted: true, autoSync: false, syncInterval: interval },
}));

const sleepUntil = time => new Promise(done => setTimeout(done, Math.max(0, time - Date.now())));

// What the nodes say of themselves. A node is registered if the one it names as its backlink has it
// among its slaves. It returns whether this was the last round.
async function look(round) {
  const tally = { round, registered: 0, masters: 0, exact: 0, longest, timeouts };
  longest = timeouts = 0;
  const slaves = new Map(); // of each node, by its address
  for (const node of nodes) slaves.set(node.address, (await node.db.getSlaves()).map(row => row.address));
  for (const node of nodes) {
    const backlink = await node.db.getBacklink();
    tally.registered += !!backlink && !!slaves.get(backlink.address)?.includes(node.address);
    tally.masters += await node.isMaster();
    tally.exact += await node.getNetworkSize() === count;
  }
  console.log(JSON.stringify(tally));
  return round === rounds || untilExact && tally.exact === count;
}

let longest = 0;
const sync = async node => {
  const began = Date.now();
  await node.sync().catch(err => console.error(err.stack));
  longest = Math.max(longest, Date.now() - began);
};

for (const node of nodes) await node.init(); // takes long, so only its end is part of the schedule

if (orders) {
  const began = Date.now();
  for (let round = 1, last = false; !last; round++) {
    const due = began + (round - 1) * interval;
    ahead += due - Date.now();
    for (const i of orders[(round - 1) % orders.length]) await sync(nodes[i]);
    longest = Date.now() - due;
    last = await look(round);
  }
} else {
  const began = Date.now() + 500;
  nodes.forEach(async (node, i) => {
    await sleepUntil(began + starts[i]);
    await node.getAvailableAddress(node.initialNetworkAddress); // as at its start: the timer runs from the answer on
    setInterval(() => sync(node), interval);
    sync(node);
  });
  for (let round = 1, last = false; !last; round++) {
    await sleepUntil(began + round * interval - 50); // just before the first syncs of the next round
    last = await look(round);
  }
}
process.exit(0);
