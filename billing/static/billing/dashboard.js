/* Draws the dashboard's chart from the data-figures of its canvas, with amounts as the business writes them. */
(function () {
  "use strict";

  function colour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  function draw(canvas) {
    const figures = JSON.parse(canvas.dataset.figures);
    const short = new Intl.NumberFormat(figures.locale, { notation: "compact", maximumFractionDigits: 1, style: "currency", currency: figures.currency });
    const full = new Intl.NumberFormat(figures.locale, { style: "currency", currency: figures.currency });
    const text = colour("--iv-faint");
    const line = colour("--iv-line");
    const series = (label, data, name) => ({ label, data, backgroundColor: colour(name), borderRadius: 4, maxBarThickness: 18, categoryPercentage: 0.62, barPercentage: 0.92 });
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: figures.labels,
        datasets: [series("Invoiced", figures.invoiced, "--iv-accent"), series("Collected", figures.collected, "--iv-good")],
      },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        font: { family: "Inter, system-ui, sans-serif" },
        plugins: {
          legend: { display: false },
          tooltip: { padding: 10, boxPadding: 4, callbacks: { label: (item) => ` ${item.dataset.label}: ${full.format(item.raw)}` } },
        },
        scales: {
          x: { grid: { display: false }, border: { color: line }, ticks: { color: text, font: { family: "Inter, system-ui, sans-serif", size: 11 }, maxRotation: 0, autoSkipPadding: 8 } },
          y: { beginAtZero: true, border: { display: false }, grid: { color: line }, ticks: { color: text, font: { family: "Inter, system-ui, sans-serif", size: 11 }, maxTicksLimit: 6, callback: (value) => short.format(value) } },
        },
      },
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    for (const canvas of document.querySelectorAll("canvas[data-figures]")) {
      let chart = draw(canvas);
      document.fonts.ready.then(() => chart.update()); // what is drawn before the font is there is drawn in another
      new MutationObserver(function () {
        chart.destroy();
        chart = draw(canvas);
      }).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    }
  });
})();
