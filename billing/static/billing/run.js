/* Moves the progress bar of a statement run while it goes, and shows the outcomes once it is done. */
(function () {
  "use strict";

  const card = document.querySelector("[data-progress]");
  if (!card) return;
  const bar = card.querySelector("[role=progressbar]");

  // The rows are the page's: they are read again whenever something left.
  async function refresh() {
    const answer = await fetch(location.href, { redirect: "error" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const name of ["[data-outcomes]", "[data-state]"]) document.querySelector(name).replaceWith(page.querySelector(name));
  }

  function show(progress) {
    bar.setAttribute("aria-valuenow", progress.done);
    for (const { kind, number, share } of progress.counts) {
      card.querySelector(`[data-bar="${kind}"]`).style.width = `${share}%`;
      card.querySelector(`[data-count="${kind}"]`).textContent = number;
    }
  }

  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch(card.dataset.progress, { headers: { Accept: "application/json" }, redirect: "error" });
        if (!answer.ok) return; // logged out, or the run is gone: the page stays as it is
        const progress = await answer.json();
        const moved = progress.counts.some(({ kind, number }) => card.querySelector(`[data-count="${kind}"]`).textContent !== `${number}`);
        show(progress);
        if (!progress.going) return location.reload();
        if (moved) await refresh();
      } catch {
        // the server is away for a moment: look again
      }
    }
    setTimeout(look, 2000);
  }

  setTimeout(look, 2000);
})();
