/* The editor of a draft: lines come, go and move; products are found while typing; totals come from the server. */
(function () {
  "use strict";

  const form = document.getElementById("editor");
  const lines = form.querySelector("[data-lines]");
  const blank = form.querySelector("template[data-blank]");
  const total = form.querySelector("[name=lines-TOTAL_FORMS]");

  function later(call, wait) {
    let timer;
    return function (...given) {
      clearTimeout(timer);
      timer = setTimeout(() => call(...given), wait);
    };
  }

  const field = (row, name) => row.querySelector(`[name$="-${name}"]`);

  // Lines: the order on the screen is the order that is sent --------------------------------------------------------------
  function renumber() {
    [...lines.children].forEach(function (row, index) {
      for (const element of row.querySelectorAll("[name^=lines-], [id^=id_lines-], [for^=id_lines-]")) {
        for (const attribute of ["name", "id", "for"]) {
          const value = element.getAttribute(attribute);
          if (value) element.setAttribute(attribute, value.replace(/lines-(\d+|__prefix__)-/, `lines-${index}-`));
        }
      }
    });
    total.value = lines.children.length;
    preview();
  }

  function add() {
    lines.append(blank.content.cloneNode(true));
    renumber();
    field(lines.lastElementChild, "description").focus();
  }

  function move(row, button) {
    if (button.dataset.remove !== undefined) {
      row.remove();
      if (!lines.children.length) return add();
    } else if (button.dataset.up !== undefined && row.previousElementSibling) {
      row.previousElementSibling.before(row);
    } else if (button.dataset.down !== undefined && row.nextElementSibling) {
      row.nextElementSibling.after(row);
    }
    renumber();
    button.focus();
  }

  form.querySelector("[data-add]").addEventListener("click", add);
  lines.addEventListener("click", function (event) {
    const button = event.target.closest(".iv-tools button");
    if (button) move(button.closest("[data-line]"), button);
  });

  // Totals ----------------------------------------------------------------------------------------------------------------
  let asked = 0;

  function entry(row) {
    const line = document.createElement("div");
    const name = document.createElement("dt");
    const amount = document.createElement("dd");
    line.className = row.kind;
    name.textContent = row.name;
    amount.textContent = row.amount;
    line.append(name, amount);
    return line;
  }

  function showTotals(answer) {
    form.querySelector("[data-error]").textContent = answer.error || "";
    if (answer.error) return;
    form.querySelector("[data-totals]").replaceChildren(...answer.totals.map(entry));
    form.querySelector("[data-currency]").textContent = answer.currency;
    form.querySelector("[data-due]").textContent = answer.due;
    [...lines.children].forEach(function (row, index) {
      row.querySelector("[data-amount]").textContent = answer.lines[index] || "";
    });
  }

  async function ask() {
    const turn = ++asked;
    const totals = form.querySelector("[data-totals]");
    totals.classList.add("iv-pending");
    try {
      const response = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
      if (turn === asked && response.ok) showTotals(await response.json());
    } finally {
      if (turn === asked) totals.classList.remove("iv-pending");
    }
  }

  const preview = later(ask, 250);
  form.addEventListener("input", preview);
  form.addEventListener("change", preview);

  // Products --------------------------------------------------------------------------------------------------------------
  let list = null;

  function close() {
    if (list) list.remove();
    list = null;
  }

  function choose(row, product) {
    for (const name of ["description", "unit", "unit_price", "tax_rate", "product_code"]) {
      field(row, name).value = product[name];
    }
    // A price in another currency is no price here: the person gives one.
    const isForeign = product.currency !== form.querySelector("[data-currency]").textContent.trim();
    if (isForeign) field(row, "unit_price").value = "";
    field(row, "product").value = product.uuid;
    close();
    const next = field(row, isForeign ? "unit_price" : "quantity");
    next.focus();
    next.select();
    preview();
  }

  function option(row, product) {
    const button = document.createElement("button");
    const name = document.createElement("strong");
    const price = document.createElement("span");
    button.type = "button";
    name.textContent = product.name;
    price.textContent = product.shown;
    price.className = "iv-num";
    button.append(name, price);
    button.addEventListener("mousedown", function (event) {
      event.preventDefault();
      choose(row, product);
    });
    return button;
  }

  const suggest = later(async function (area) {
    const response = await fetch(`${form.dataset.products}?q=${encodeURIComponent(area.value)}`);
    if (!response.ok || document.activeElement !== area) return;
    const found = (await response.json()).products;
    close();
    if (!found.length) return;
    const row = area.closest("[data-line]");
    const box = area.getBoundingClientRect();
    list = document.createElement("div");
    list.className = "iv-suggestions";
    list.style.left = `${box.left + scrollX}px`;
    list.style.top = `${box.bottom + scrollY + 4}px`;
    list.style.width = `${box.width}px`;
    list.append(...found.map((product) => option(row, product)));
    document.body.append(list);
  }, 200);

  function isDescription(element) {
    return element.name && element.name.endsWith("-description");
  }

  lines.addEventListener("input", function (event) {
    if (isDescription(event.target) && !event.target.value.includes("\n")) suggest(event.target);
  });
  lines.addEventListener("focusin", function (event) {
    if (isDescription(event.target) && !event.target.value) suggest(event.target);
  });
  lines.addEventListener("focusout", close);
  lines.addEventListener("keydown", function (event) {
    if (!list) return;
    const options = [...list.children];
    const at = options.findIndex((one) => one.getAttribute("aria-selected"));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
      options.forEach((one, index) => (index === next ? one.setAttribute("aria-selected", "true") : one.removeAttribute("aria-selected")));
      options[next].scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      options[at].dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true }));
    } else if (event.key === "Escape") {
      close();
    }
  });

  // select2 tells of a choice by jQuery's events only.
  if (window.django && django.jQuery) django.jQuery(form).on("select2:select select2:clear", preview);

  // Unsaved work is not left by accident.
  let touched = false;
  form.addEventListener("input", () => (touched = true));
  form.addEventListener("submit", () => (touched = false));
  window.addEventListener("beforeunload", function (event) {
    if (touched) event.preventDefault();
  });

  ask();
})();
