// Everything here only improves what already works as links and forms.
(() => {
  const doc = document, news = doc.getElementById("news"), told = doc.getElementById("said")?.textContent.trim();
  doc.documentElement.classList.add("js");

  // A region that is there before its words come is read out; what was said on load is said again there.
  const say = words => { if (news) { news.textContent = ""; setTimeout(() => { news.textContent = words }, 50) } };
  if (told) { say(told) }

  // After a refusal the reader starts at the list of what was wrong.
  const refused = doc.querySelector(".errors");
  if (refused) { refused.focus() }

  doc.addEventListener("click", async event => {
    const button = event.target.closest("[data-copy]");
    if (!button) { return }
    const code = button.parentElement.querySelector("code"), word = button.querySelector("span");
    try {
      await navigator.clipboard.writeText(code.textContent);
      word.textContent = "Copied";
      setTimeout(() => { word.textContent = "Copy" }, 2000);
    } catch {
      getSelection().selectAllChildren(code);
      word.textContent = "Selected";
    }
  });

  // One press, one request: the second press of a busy button is dropped.
  doc.addEventListener("submit", event => {
    const button = event.submitter;
    if (!button || event.defaultPrevented || event.target.target) { return }
    if (button.getAttribute("aria-busy") === "true") { event.preventDefault(); return }
    button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => doc.querySelectorAll("[aria-busy=true]").forEach(b => b.removeAttribute("aria-busy")));
  doc.addEventListener("htmx:after:request", () => doc.querySelectorAll("button[aria-busy=true]").forEach(b => b.removeAttribute("aria-busy")));

  // Words in an area marked data-keep="name" outlive a closed tab and an expired session, until a page says it was saved.
  const sent = sessionStorage.getItem("sent");
  if (sent && told && !refused) { localStorage.removeItem(sent); sessionStorage.removeItem("sent") }
  doc.querySelectorAll("[data-keep]").forEach(area => {
    const key = "kept:" + area.dataset.keep, kept = localStorage.getItem(key);
    if (kept && !area.value) { area.value = kept }
    area.addEventListener("input", () => localStorage.setItem(key, area.value));
    area.form?.addEventListener("submit", () => sessionStorage.setItem("sent", key));
  });

  // A form that saves itself after a breath; what it may not do alone (a clash, a lost session) waits for the button.
  doc.querySelectorAll("form[data-autosave=on]").forEach(form => {
    const saved = form.querySelector("[data-saved]");
    let timer;
    const save = async () => {
      const body = new FormData(form);
      body.set("Form.Then", "auto"); body.delete("Form.Image");
      const answer = await fetch(form.action, { method: "POST", body, redirect: "error" }).catch(() => null), base = answer?.headers.get("X-Base");
      if (base) { form.elements["Form.Base"].value = base }
      saved.textContent = base ? `Saved ${new Date().toLocaleTimeString()}` : "Not saved yet: press Save";
    };
    form.addEventListener("input", event => { if (event.target.type !== "file") { clearTimeout(timer); timer = setTimeout(save, 4000) } });
    form.addEventListener("submit", () => clearTimeout(timer));
  });

  doc.addEventListener("keydown", event => {
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest?.("form[data-save]");
      if (form) { event.preventDefault(); form.requestSubmit() }
    }
  });

  // A live part: each message replaces it; a lost stream says since when, and comes back by itself.
  doc.querySelectorAll("[data-live]").forEach(part => {
    const lost = part.nextElementSibling;
    let stream, last = Date.now(), timer, wait = 1000;
    const tell = () => {
      lost.hidden = false;
      lost.textContent = `Connection lost, last news ${Math.round((Date.now() - last) / 1000)} s ago. Trying again.`;
    };
    const found = () => { clearInterval(timer); timer = undefined; lost.hidden = true; wait = 1000 };
    const open = () => {
      stream = new EventSource(part.dataset.live);
      stream.onopen = found;
      stream.onmessage = event => {
        last = Date.now(); found();
        const id = part.contains(doc.activeElement) && doc.activeElement.id;
        part.innerHTML = event.data;
        if (id) { doc.getElementById(id)?.focus() }
        const words = part.querySelector("[data-say]")?.dataset.say;
        if (words && words !== part.said) { if (part.said) { say(words) } part.said = words }
      };
      stream.addEventListener("end", () => {
        stream.close();
        if (part.dataset.liveReload !== undefined) { location.reload() }
      });
      stream.onerror = () => {
        timer ??= setInterval(tell, 1000);
        if (stream.readyState === EventSource.CLOSED) { setTimeout(open, wait); wait = Math.min(wait * 2, 30000) }
      };
    };
    open();
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", event => { if (event.persisted) { open() } });
  });
})();
