// Who is drawn: a photo that was uploaded, or a character. Both are drawn in the same way.

import { preview, render } from "./service.js";
import { write } from "./target.js";

const MOVING = 480;
const LARGEST = 1600;

const largest = (wish) => Math.round(Math.min(LARGEST, Math.max(MOVING, wish.pixels)));

/** One face of an uploaded photo. */
export class PhotoSitter {
  constructor(image, face, name) {
    this.image = image;
    this.face = face;
    this.name = name;
    this.path = `/v1/images/${image.id}/preview`;
  }

  /** Whether a close-up shows more than the photo does. */
  get hasCloseUp() {
    const [, , width, height] = this.image.faces[this.face].box;
    return Math.max(width, height) * 2.8 < Math.max(this.image.width, this.image.height);
  }

  draw(wish, signal) {
    const asked = {
      target: write(wish.sides),
      face: this.face,
      frame: wish.closeUp ? "face" : "photo",
      size: wish.moving ? MOVING : largest(wish),
      // What the network corrects is seen once the slider rests; the rig alone follows at once.
      generator: wish.moving ? "rig" : "hybrid",
    };
    return preview(this.image.id, asked, signal);
  }

  before(wish) {
    const frame = wish.closeUp ? "face" : "photo";
    return preview(this.image.id, { face: this.face, frame, size: largest(wish) });
  }

  /** The request for the drawing at the photo's own resolution. */
  whole(sides) {
    return { target: write(sides), face: this.face };
  }

  download(sides) {
    return preview(this.image.id, this.whole(sides));
  }

  code(sides) {
    return `client.preview_image(\n        UUID("${this.image.id}"),\n        ${python(this.whole(sides))},\n    )`;
  }
}

/** Somebody that nobody is. */
export class CharacterSitter {
  constructor(character) {
    this.character = character;
    this.name = character.name;
    this.path = character.render_url;
    this.hasCloseUp = false;
  }

  draw(wish, signal) {
    const size = wish.moving ? 320 : Math.min(768, largest(wish));
    return render(this.name, { target: write(wish.sides), size }, signal);
  }

  before(wish) {
    return render(this.name, { size: Math.min(768, largest(wish)) });
  }

  whole(sides) {
    return { target: write(sides), size: 1024 };
  }

  download(sides) {
    return render(this.name, this.whole(sides));
  }

  code(sides) {
    return `client.render_character(\n        "${this.name}",\n        ${python(this.whole(sides))},\n    )`;
  }
}

/** JSON without null, true or false is Python too. */
const python = (value) => JSON.stringify(value).replaceAll(/([:,])(?=["{[\d])/g, "$1 ");
