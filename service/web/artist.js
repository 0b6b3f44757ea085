// Whoever has drawings made: only the newest wish is drawn, small while things move, large at rest.

/** Draws wishes one after the other and forgets those that a newer one has overtaken. */
export class Artist {
  /**
   * @param draw (wish, signal) -> a promise of what `show` takes
   * @param show called with each drawing and its wish
   * @param fail called with what went wrong
   */
  constructor(draw, show, fail) {
    this.draw = draw;
    this.show = show;
    this.fail = fail;
    this.next = null;
    this.current = null;
  }

  wish(wish) {
    this.next = wish;
    // A large drawing is not waited for once the sliders move again.
    if (this.current?.wish.moving === false) this.current.abort.abort();
    if (!this.current) this.work();
  }

  stop() {
    this.next = null;
    this.current?.abort.abort();
  }

  async work() {
    while (this.next) {
      const wish = this.next;
      this.next = null;
      this.current = { wish, abort: new AbortController() };
      try {
        const drawn = await this.draw(wish, this.current.abort.signal);
        if (!this.current.abort.signal.aborted) await this.show(drawn, wish);
      } catch (error) {
        if (error.name !== "AbortError") this.fail(error);
      }
    }
    this.current = null;
  }
}
