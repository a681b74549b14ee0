// A node of the npm package metastocle. Its options, with the collections, are JSON in the first argument. It prints a
// line when it serves, and ends with its input.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Node } from 'metastocle';
import utils from 'spreadable/src/utils.js';

utils.getExternalIp = async () => null; // it would ask four sites on the internet

const storage = fs.mkdtempSync(path.join(os.tmpdir(), 'metastocle-'));
process.on('exit', () => fs.rmSync(storage, { recursive: true, force: true }));

const node = new Node({ logger: false, storage: { path: storage }, ...JSON.parse(process.argv[2]) });
await node.init();
console.log(node.address);
process.stdin.on('end', () => process.exit(0)).resume();
