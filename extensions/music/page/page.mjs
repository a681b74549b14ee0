// The page: search, play, upload with a captcha. It asks the node only when the person does something.

import { Client } from './spreadable.mjs';

const client = new Client({ workerChange: 0 });
const music = client.music();
const at = id => document.getElementById(id);
const say = text => { at('status').textContent = text; };
let question; // of the captcha that is shown

async function busy(form, what) {
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    await what();
  } catch (error) {
    say(error.message);
  } finally {
    button.disabled = false;
  }
}

function length(nanoseconds) {
  const seconds = Math.round(nanoseconds / 1e9);
  return `${ Math.floor(seconds / 60) }:${ String(seconds % 60).padStart(2, '0') }`;
}

function row(song) {
  const item = document.createElement('li');
  const cover = document.createElement(song.cover ? 'img' : 'span');
  if (song.cover) Object.assign(cover, { src: `cover/${ song.cover }`, alt: '', loading: 'lazy' });
  else cover.className = 'none';
  const about = document.createElement('div');
  about.className = 'about';
  about.textContent = song.title;
  const more = document.createElement('small');
  const { album, year, genre } = song.tags;
  more.textContent = [length(song.quality.duration), `${ Math.round(song.quality.bitRate / 1000) } kbit/s`, album, year, genre].filter(Boolean).join(' · ');
  about.append(more);
  const play = document.createElement('button');
  play.textContent = 'Play';
  play.setAttribute('aria-label', `Play ${ song.title }`);
  play.addEventListener('click', async () => {
    const player = at('player');
    player.src = `audio/${ song.audio }.${ song.kind }`;
    try {
      await player.play();
      say(`Playing ${ song.title }`);
    } catch (error) {
      say(`${ song.title } cannot be played: ${ error.message }`);
    }
  });
  item.append(cover, about, play);
  return item;
}

at('search').addEventListener('submit', event => {
  event.preventDefault();
  busy(event.target, async () => {
    say('Searching …');
    const { songs, coverage } = await music.find(at('text').value, 50);
    at('songs').replaceChildren(...songs.map(row));
    const silent = coverage.asked - coverage.answered;
    say(`${ songs.length || 'No' } song${ songs.length === 1 ? '' : 's' }` + (silent > 0 ? `; ${ silent } of ${ coverage.asked } nodes did not answer` : ''));
  });
});

async function ask() {
  question = await client.approvalQuestion('captcha', { captchaBackground: '#ffffff' });
  at('picture').src = question.question;
  at('answer').value = '';
  at('answer').required = true;
  at('captcha').hidden = false;
  at('answer').focus();
}

function hide() {
  question = undefined;
  at('captcha').hidden = true;
  at('answer').required = false;
}

at('first').addEventListener('change', () => {
  if (at('first').checked) ask().catch(error => { at('first').checked = false; say(error.message); });
  else hide();
});

at('upload').addEventListener('submit', event => {
  event.preventDefault();
  busy(event.target, async () => {
    const file = at('file').files[0];
    const approval = question && Client.answer(question, at('answer').value.trim());
    say(`Adding ${ file.name } …`);
    try {
      const added = await music.add(file, { approval });
      say(added.best ? `Added ${ added.title }` : `Added ${ added.title }; a better version is played`);
      event.target.reset();
      hide();
    } catch (error) {
      if (approval) await ask(); // an approval is used up by a wrong answer, too
      throw error;
    }
  });
});
