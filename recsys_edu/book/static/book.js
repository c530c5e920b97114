// Draws each picture when it comes near the screen, so that a page with twenty of them opens at once.
(() => {
  const draw = (place) => {
    const { data, layout } = JSON.parse(place.querySelector("script").textContent);
    delete layout.width;
    Plotly.newPlot(place, data, { ...layout, autosize: true }, { responsive: true, displaylogo: false });
  };
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      watch.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "600px" });
  document.querySelectorAll(".course-figure").forEach((place) => watch.observe(place));
})();
