// What the JavaScript client must do, in a browser as in Node.js: each check is a statement and a function that throws
// if it is false. run returns the failures as texts.

import { Client, SpreadableError } from './spreadable.mjs';

function equal(got, want) {
  const [a, b] = [got, want].map(value => JSON.stringify(value));
  if (a !== b) throw new Error(`${ a }, want ${ b }`);
}

async function refused(promise, want) {
  const error = await promise.then(() => undefined, error => error);
  if (!(error instanceof SpreadableError)) throw new Error(`${ error }, want a SpreadableError like ${ JSON.stringify(want) }`);
  for (const [name, value] of Object.entries(want)) {
    if (error[name] !== value) throw new Error(`${ name } is ${ JSON.stringify(error[name]) }, want ${ JSON.stringify(value) }: ${ error.message }`);
  }
}

const checks = ({ nodes, dead, solve, song }) => ({
  'a question reaches the whole network': async client => {
    const { answer, coverage } = await client.ask('kiosk.names', {});
    equal([answer.names.length, coverage.asked, coverage.answered], [nodes.length, nodes.length, nodes.length]);
  },
  'no answer is null': async client => {
    equal((await client.ask('kiosk.names', { prefix: 'none' })).answer, null);
  },
  'a route gets the body and answers JSON': async client => {
    const got = await client.request('kiosk/echo', { text: 'ä"\\ 🔥' });
    equal([got.text, typeof got.timestamp], ['ä"\\ 🔥', 'number']);
  },
  'a route gets bytes and gives them back': async client => {
    const bytes = new Uint8Array(100_000).map((_, i) => i * 7);
    const response = await client.call('client/kiosk/bytes', { method: 'POST', body: new Blob([bytes]), query: { name: 'a b' } });
    equal(response.headers.get('content-type'), 'application/octet-stream');
    const back = new Uint8Array(await response.arrayBuffer());
    equal([back.length, back.every((byte, i) => byte === bytes[i])], [bytes.length, true]);
  },
  'a public route is read by its URL': async client => {
    equal(await (await fetch(client.url('kiosk/page/one two', { x: 'ü&' }))).text(), 'one two ü&');
  },
  'an approval of kind client lets a request through once': async client => {
    const question = await client.approvalQuestion('client');
    const approval = Client.answer(question, question.question);
    equal((await client.request('kiosk/client', {}, { approval })).done, true);
    await refused(client.request('kiosk/client', {}, { approval }), { code: 'ERR_SPREADABLE_WRONG_APPROVAL_ANSWER', status: 422 });
  },
  'a captcha lets bytes through': async client => {
    const question = await client.approvalQuestion('captcha', { captchaWidth: 180 });
    if (!question.question.startsWith('data:image/png;base64,')) throw new Error('no picture');
    const approval = Client.answer(question, await solve(question));
    const response = await client.call('client/kiosk/captcha', { method: 'POST', body: 'x', approval });
    equal((await response.json()).done, true);
  },
  'a wrong answer to a captcha does not': async client => {
    const approval = Client.answer(await client.approvalQuestion('captcha'), '------');
    await refused(client.request('kiosk/captcha', {}, { approval }), { status: 422 });
  },
  'a missing approval is refused': client => refused(client.request('kiosk/client'), { code: 'ERR_SPREADABLE_APPROVAL_INFO_REQUIRED', status: 422 }),
  'an unknown kind of approval is refused': client => refused(client.approvalQuestion('nonsense'), { code: 'ERR_SPREADABLE_INVALID_APPROVAL_ACTION' }),
  'an unknown endpoint is refused': client => refused(client.request('nothing'), { status: 404 }),
  'a path does not leave its place': async client => {
    equal(client.url('kiosk/page/a?b#c'), `http://${ client.worker }/kiosk/page/a%3Fb%23c`);
  },
  'a refusal keeps its code': client => refused(client.request('kiosk/refuse'), { code: 'ERR_KIOSK_CLOSED', status: 422, message: 'the kiosk is closed' }),
  'a slow answer ends with the timeout': async client => {
    const start = Date.now();
    await refused(client.request('kiosk/slow', {}, { timeout: 300 }), { code: 'ERR_SPREADABLE_REQUEST_TIMEDOUT', status: 0 });
    if (Date.now() - start > 20_000) throw new Error(`after ${ Date.now() - start } ms`);
  },
  'documents are written and read': async client => {
    const things = client.documents('things', 'secret');
    equal((await things.add({ id: 'a', n: 1 })).wanted, 3);
    await refused(things.add({ id: 'a' }), { code: 'ERR_DOCUMENTS_EXISTS', status: 422 });
    await things.put({ id: 7, n: 2 });
    const { document, version } = await things.get('a');
    equal(document, { id: 'a', n: 1 });
    await refused(things.change('a', { n: 3 }, { ifVersion: version.replace(/.$/, last => last === '0' ? '1' : '0') }), { code: 'ERR_DOCUMENTS_CONFLICT' });
    for (const nothing of [undefined, null, '']) {
      await things.put({ id: 'a' }, { ifVersion: nothing }).then(() => { throw new Error(`ifVersion ${ nothing } is taken`); }, error => equal(error instanceof TypeError, true));
    }
    await refused(things.put({ id: 'a' }, { ifVersion: '0'.repeat(32) }), { code: 'ERR_DOCUMENTS_REQUEST' });
    await things.change('a', { n: 5 }, { ifVersion: version });
    const found = await things.find({ filter: { n: { $gt: 1 } }, sort: ['-n'] });
    equal([found.documents.map(found => found.document.n), found.documents.length], [[5, 2], 2]);
    equal([found.coverage.asked > 0, found.coverage.asked], [true, found.coverage.answered]);
    equal((await things.count({ n: 5 })).count, 1);
    await things.delete('a');
    equal([await things.get('a'), (await things.stat(7)).length], [null, 1]);
    await things.delete(7);
    await refused(client.documents('things').delete(7), { code: 'ERR_DOCUMENTS_TOKEN' });
  },
  'files are stored, read, verified and removed': async client => {
    const bytes = new Uint8Array(300_000).map((_, i) => i * i + nodes[0].length);
    const stored = await client.files().put(new Blob([bytes, String(Date.now())]), { name: 'ü b.bin' });
    if (stored.wanted !== 3 || stored.copies < 2 || !stored.token) throw new Error(JSON.stringify(stored));
    const back = new Uint8Array(await (await client.files().get(stored.key)).arrayBuffer());
    equal([back.length, bytes.every((byte, i) => byte === back[i])], [stored.size, true]);
    const part = await fetch(client.files().url(stored.key), { headers: { Range: 'bytes=5-9' } });
    equal([part.status, (await part.arrayBuffer()).byteLength], [206, 5]);
    equal((await client.files().stat(stored.key)).wanted, 3);
    await refused(client.files().remove(stored.key, 'guessed'), { status: 403 });
    await client.files().remove(stored.key, stored.token);
    await refused(client.files().stat(stored.key), { status: 404 }); // a browser may still have the bytes
  },
  'songs are added, found, played and removed': async client => {
    const music = client.music();
    const file = new Blob([Uint8Array.from(atob(song), c => c.charCodeAt(0))]);
    equal((await music.add(file, { priority: -1 })).title, 'Queen - Bohemian Rhapsody');
    const { songs, coverage } = await music.find('rapsody', 5);
    equal([songs.length, coverage.answered, music.coverUrl(songs[0])], [1, nodes.length, '']);
    equal((await (await fetch(music.audioUrl(songs[0]))).arrayBuffer()).byteLength, songs[0].size);
    equal([(await music.artist('queen')).songs.length, (await music.titled('Queen - Bohemian Rapsody')).songs.length], [1, 1]);
    equal((await music.stat('Queen - Bohemian Rhapsody')).wanted, 3);
    await refused(music.add(new Blob(['no music'])), { code: 'ERR_MUSIC_AUDIO' });
    await refused(music.remove(songs[0]), { code: 'ERR_SPREADABLE_APPROVAL_INFO_REQUIRED' });
    const question = await client.approvalQuestion('captcha');
    equal((await music.remove(songs[0], Client.answer(question, await solve(question)))).removed, 1);
  },
  'a dead node is passed over': async () => {
    const client = await Client.connect({ addresses: [dead, dead, nodes[1]], workerChange: 0 });
    equal(client.worker, nodes[1]);
    client.worker = client.entry = dead;
    equal((await client.ask('kiosk.names', {})).coverage.answered, nodes.length);
    client.worker = dead;
    await client.approvalQuestion('client');
    client.close();
  },
  'without any node there is one clear error': () => refused(Client.connect({ addresses: [dead] }), { status: 0 }),
  'the worker changes to a node of the network': async client => {
    await client.changeWorker();
    if (!nodes.includes(client.worker)) throw new Error(client.worker);
  },
  'bad options are refused': async () => {
    for (const options of [{ addresses: 'example.com' }, { addresses: ['http://a:1'] }, { adresses: [] }, { addresses: [] }]) {
      let error;
      try {
        new Client(options);
      } catch (thrown) {
        error = thrown;
      }
      if (!error) throw new Error(`${ JSON.stringify(options) } is accepted`);
    }
  },
  'a closed client ends its requests': async () => {
    const client = await Client.connect({ addresses: nodes });
    const slow = client.request('kiosk/slow');
    client.close();
    await refused(slow, { status: 0, message: 'the client is closed' });
  },
});

export async function run(setup) {
  const client = await Client.connect({ addresses: [setup.nodes[0]], workerChange: 0 });
  const failures = [];
  for (const [statement, check] of Object.entries(checks(setup))) {
    try {
      await check(client);
    } catch (error) {
      failures.push(`${ statement }: ${ error.message }`);
    }
  }
  client.close();
  return { checks: Object.keys(checks(setup)).length, failures };
}
