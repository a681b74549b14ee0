// Where films come from: a server, or the page itself where it was saved.

import {Film} from "film";

// embedded reads the films in a saved page; null in a page of a server.
export async function embedded() {
  const parts = [...document.querySelectorAll("script.film")];
  if (!parts.length) return null;
  return Promise.all(parts.map(async part => {
    const film = new Film(part.dataset.name);
    const packed = new Blob([bytesOf(part.textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
    film.push(bytes.subarray(bytes.indexOf(10) + 1)); // behind the first line
    return film;
  }));
}

// served are the films of a server, which grow as the server sends them. It calls changed
// when one has, and lost when the server cannot be reached.
export async function served(changed, lost) {
  const list = await (await fetch("/shows" + location.search)).json();
  return list.map(show => {
    const film = new Film(show.name);
    film.live = true;
    if (show.tells) film.story = (node, at) => story(show.id, node, at);
    const events = new EventSource(`/shows/${show.id}/events`);
    events.onmessage = event => {
      film.push(bytesOf(event.data));
      changed(film);
    };
    events.addEventListener("end", () => {
      events.close();
      film.live = false;
      changed(film);
    });
    events.onerror = () => {
      if (events.readyState === EventSource.CLOSED) film.live = false;
      lost(film);
    };
    return film;
  });
}

// story asks the server to repeat the run up to a time, and to tell of a node.
async function story(show, node, at) {
  const answer = await fetch(`/shows/${show}/nodes/${node}?at=${at}`);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64.trim());
  const binary = atob(base64.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
