// The race: one trace a lane, each fed by the socket of its own run, by seconds of training.
class RaceChart extends Chart {
  get series() {
    const value = this.data.metric === "ndcg" ? ({ ndcg }) => ndcg : ({ mse }) => (mse === null ? null : Math.sqrt(mse));
    return this.snapshots.map(({ ends }) => {
      const judged = ends.map((end) => ({ x: end.seconds, y: value(end) })).filter(({ y }) => y !== null);
      return { x: judged.map(({ x }) => x), y: judged.map(({ y }) => y) };
    });
  }

  emptyRanges() {
    return [[0, this.data.seconds], this.data.metric === "ndcg" ? [0, 0.3] : [0.8, 1.2]];
  }

  destroy() {
    super.destroy();
    if (window.__raceChart?.owner === this) delete window.__raceChart;
  }
}

// What browser tests read.
function expose(chart) {
  window.__raceChart = {
    owner: chart,
    get points() { return (chart.plot.data ?? []).map(({ x }) => x.length); },
    get traces() { return (chart.plot.data ?? []).map(({ name, x, y }) => ({ name, x, y })); },
    get updates() { return chart.updates; },
  };
}

export default mounting(RaceChart, expose);
