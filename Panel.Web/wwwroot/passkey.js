// A passkey is made or asked for inside a real form: its answer goes into the hidden field "credential", then the form is sent.
(() => {
  const why = error => error.name === "NotAllowedError"
    ? "The passkey was not used. Nothing was changed; you can try again or use your password."
    : error.name === "InvalidStateError"
      ? "This device already has a passkey for this account."
      : "The passkey could not be used: " + error.message;

  const token = form => form.querySelector("[name=__RequestVerificationToken]")?.value ?? "";

  async function options(button, form) {
    const answer = await fetch(button.dataset.options, {
      method: "POST",
      headers: { RequestVerificationToken: token(form), Accept: "application/json" },
      body: new URLSearchParams(new FormData(form)),
    });
    if (!answer.ok) { throw new Error("the server said " + answer.status + ".") }
    return answer.json();
  }

  async function use(button) {
    const form = button.closest("form");
    const news = form.querySelector("[role=status]") ?? form.appendChild(Object.assign(document.createElement("p"), { className: "wrong" }));
    news.setAttribute("role", "status");
    news.textContent = "";
    button.setAttribute("aria-busy", "true");
    try {
      const wanted = await options(button, form);
      const credential = button.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(wanted) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(wanted) });
      form.querySelector("[name=credential]").value = JSON.stringify(credential);
      form.submit();
    } catch (error) {
      news.textContent = why(error);
      button.removeAttribute("aria-busy");
    }
  }

  document.querySelectorAll("[data-passkey]").forEach(button => {
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
      button.disabled = true;
      button.textContent = "This browser has no passkeys";
      return;
    }
    button.addEventListener("click", event => { event.preventDefault(); use(button) });
  });
})();
