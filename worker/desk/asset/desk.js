// The live parts of the pages. Everything is server-rendered; this keeps lists up to date and nothing else.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  let at = null; // id of the last event: the position in every network
  let source = null;
  let held = false;
  let waiting = []; // rows that came while the list is held
  let fresh = 0; // rows not announced yet

  const state = (name) => {
    const p = $("live-state");
    if (p) {
      p.textContent = p.dataset[held ? "held" : name];
      p.dataset.state = held ? "held" : name;
    }
  };

  // add puts rows in front, each once, and drops the oldest beyond what the page keeps.
  const add = (html) => {
    const list = $("rows");
    const rows = document.createElement("template");
    rows.innerHTML = html;
    for (const row of [...rows.content.children]) {
      if ($(row.id)) row.remove();
      else row.classList.add("new");
    }
    fresh += rows.content.children.length;
    list.prepend(rows.content);
    while (list.children.length > Number(list.dataset.max)) list.lastElementChild.remove();
    $("empty").hidden = list.children.length > 0;
  };

  const rows = (html) => {
    if (!held) return add(html);
    waiting.push(html);
    if (waiting.length > 100) waiting.shift(); // the list keeps no more than the latest either
  };

  // open follows the stream of the page. A browser that gives up is started again from where it was.
  const open = () => {
    const element = document.querySelector("[data-stream]");
    if (!element) return;
    const address = new URL(element.dataset.stream, location.href);
    if (at) address.searchParams.set("after", at);
    source = new EventSource(address);
    const on = (name, f) => source.addEventListener(name, (e) => {
      if (e.lastEventId) at = e.lastEventId;
      f(e.data);
    });
    source.onopen = () => state("live");
    source.onerror = () => {
      state("away");
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 2000);
    };
    on("rows", rows);
    on("counts", (html) => { if ($("counts")) $("counts").innerHTML = html; });
    on("moved", refresh);
    on("reload", () => location.reload());
    on("down", (networks) => {
      const p = $("down");
      if (!p) return;
      p.hidden = !networks;
      p.textContent = p.dataset.text.replace("{0}", networks);
    });
  };

  // refresh loads a page's list anew, unless somebody is at work in it.
  let stale = false;
  const refresh = () => {
    const list = $("live");
    if (!list) return;
    stale = list.contains(document.activeElement) || document.hidden;
    if (!stale) htmx.trigger(list, "refresh");
  };
  const settle = () => { if (stale) refresh(); };
  document.addEventListener("visibilitychange", settle);
  document.addEventListener("focusout", () => setTimeout(settle, 1000));

  // Say how many are new, not each of them.
  setInterval(() => {
    const p = $("news");
    if (!p || !fresh) return;
    p.textContent = (fresh === 1 ? p.dataset.one : p.dataset.other).replace("{0}", fresh);
    fresh = 0;
  }, 5000);

  document.addEventListener("DOMContentLoaded", () => {
    const hold = $("hold");
    if (hold) {
      hold.hidden = false;
      hold.addEventListener("click", () => {
        held = !held;
        hold.setAttribute("aria-pressed", String(held));
        waiting.splice(0).forEach(add);
        state(source && source.readyState === EventSource.OPEN ? "live" : "away");
      });
    }
    // Choices narrow the list at once; text needs the button or Enter.
    document.querySelectorAll("form.filter select").forEach((s) => s.addEventListener("change", () => s.form.requestSubmit()));
    open();
  });
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
})();
