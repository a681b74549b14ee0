// A node or a client of the npm package, told what to do by lines of JSON on its input: {"id", "do", ...}. It answers on
// its output by {"id", "ok"} or {"id", "error", "code"}. It ends with its input.

import os from 'node:os';
import path from 'node:path';
import net from 'node:net';
import fs from 'node:fs';
import readline from 'node:readline';
import { Node as BaseNode, Client } from 'spreadable';
import server from 'spreadable/src/server/transports/express/index.js';
import midds from 'spreadable/src/server/transports/express/midds.js';
import approvalClient from 'spreadable/src/approval/transports/client/index.js';
import approvalCaptcha from 'spreadable/src/approval/transports/captcha/index.js';
import utils from 'spreadable/src/utils.js';

utils.getExternalIp = async () => null; // it would ask four sites on the internet

// All connections from here on come from an IP of this machine, which the package cannot choose.
function comeFrom(localAddress) {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...args) {
    const options = Array.isArray(args[0]) ? args[0][0] : args[0];
    if (options && options.port) options.localAddress = localAddress;
    return connect.apply(this, args);
  };
}

const approvals = { client: approvalClient(), captcha: approvalCaptcha() };

// An action behind each approval: POST /client/<approval>.
class Server extends server() {
  getClientRoutes() {
    const routes = Object.keys(approvals).map(name => ({
      name, method: 'post', url: '/' + name, fn: [midds.approval, () => (req, res) => res.send({ success: true })]
    }));
    return [...super.getClientRoutes(), ...routes];
  }
}

class Node extends BaseNode {
  static get ServerTransport() { return Server; }

  async prepareServices() {
    await super.prepareServices();
    for (const [name, Approval] of Object.entries(approvals)) {
      await this.addApproval(name, new Approval((this.options.approvals || {})[name]));
    }
  }
}

let node, client, storage;

const address = row => row && row.address;

const verbs = {
  async node({ options, source }) {
    if (source) comeFrom(source);
    storage = fs.mkdtempSync(path.join(os.tmpdir(), 'spreadable-interop-'));
    node = new Node({ logger: false, storage: { path: storage }, ...options });
    await node.init();
    // The first picture loads libraries, for longer than an entry node may wait.
    await (await node.getApproval('captcha')).createInfo({});
    return { address: node.address };
  },
  async sync() {
    await node.sync();
    return {};
  },
  // The lists of a member of a large network, as if it had found them.
  async fill({ masters, slaves, size }) {
    for (const address of masters) await node.db.addMaster(address, size);
    for (const address of slaves) await node.db.addSlave(address);
    return {};
  },
  // What the node says of itself, asked through its own API.
  async look() {
    const backlink = await node.db.getBacklink();
    const masters = await node.db.getMasters();
    const slaves = await node.db.getSlaves();
    return {
      size: await node.getNetworkSize(), registered: await node.isRegistered(), backlink: address(backlink) || '',
      slaves: slaves.map(address), masters: masters.map(address),
    };
  },
  async bans() {
    return (await node.db.getBanlist()).map(row => `${ row.address || row.ip }: ${ row.reason }`);
  },
  async client({ options }) {
    client = new Client({ logger: false, ...options });
    await client.init();
    return { address: client.workerAddress };
  },
  // What this approver expects as the answer, which it never tells anybody.
  async answer({ key }) {
    return { answer: (await node.db.getApproval(key)).answer };
  },
  // With move, the client has another worker by the time that the approvers have agreed.
  async question({ action, info, move }) {
    const vouch = client.requestGroup;
    client.requestGroup = async (...args) => {
      const results = await vouch.apply(client, args);
      client.workerAddress = move || client.workerAddress;
      return results;
    };
    try {
      return await client.getApprovalQuestion(action, info);
    } finally {
      client.requestGroup = vouch;
    }
  },
  async request({ endpoint, options }) {
    return await client.request(endpoint, options);
  },
};

const say = message => process.stdout.write(JSON.stringify(message) + '\n');

process.on('exit', () => storage && fs.rmSync(storage, { recursive: true, force: true }));

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, do: verb, ...rest } = JSON.parse(line);
  verbs[verb](rest).then(
    ok => say({ id, ok }),
    err => say({ id, error: String(err.message), code: err.code || '' }),
  );
}
process.exit(0);
