// The loss curves of one run: trace 0 by batch, trace 1 by epoch, and trace 2, if the figure has it, Recall@10 by epoch.
class LossCurves extends Chart {
  // The figure's own data until the socket speaks, which knows more.
  get series() {
    const { run, train, validation, recall } = this.snapshots[0] ?? live.blankSnapshot();
    return run === null ? this.figure.data : [train, validation, recall].slice(0, this.figure.data.length);
  }

  emptyRanges() {
    return [[0, this.snapshots[0]?.state?.of ?? 10], [0, 1.5], [0, 0.2]];
  }

  destroy() {
    super.destroy();
    if (window.__lossCurves?.owner === this) delete window.__lossCurves;
  }
}

// What browser tests read.
function expose(curves) {
  const lastOf = ({ x, y }) => (x.length ? { epoch: x.at(-1), loss: y.at(-1) } : null);
  window.__lossCurves = {
    owner: curves,
    get train() { return curves.plot.data?.[0].x.length ?? 0; },
    get validation() { return curves.plot.data?.[1].x.length ?? 0; },
    get recall() { return curves.plot.data?.[2]?.x.length ?? 0; },
    get last() {
      const { train, validation, recall } = curves.snapshots[0];
      return { train: lastOf(train), validation: lastOf(validation), recall: lastOf(recall) };
    },
    get updates() { return curves.updates; },
  };
}

export default mounting(LossCurves, expose);
