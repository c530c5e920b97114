// The loss curves of one run: trace 0 by batch, trace 1 by epoch.
class LossCurves extends Chart {
  // The figure's own data until the socket speaks, which knows more.
  get series() {
    const { run, train, validation } = this.snapshots[0] ?? live.blankSnapshot();
    return run === null ? this.figure.data : [train, validation];
  }

  emptyRanges() {
    return [[0, this.snapshots[0]?.state?.of ?? 10], [0, 1.5], [0, 1]];
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
    get last() {
      const { train, validation } = curves.snapshots[0];
      return { train: lastOf(train), validation: lastOf(validation) };
    },
    get updates() { return curves.updates; },
  };
}

export default mounting(LossCurves, expose);
