/** The photo of a group on its way: a square, and how it looks in a list. */

import type { GroupPhoto, Upload } from '#lib/sync/index.ts';
import { uuid7 } from '#lib/values/ids.ts';
import { draw, encode, remember, uploadOf } from './photos.ts';

const FULL = 640;
const SMALL = 112;

/** The middle of the picture. Throws when the file is no photo that this browser can read. */
export async function prepareGroupPhoto(
  file: Blob,
): Promise<{ readonly photo: GroupPhoto; readonly upload: Upload }> {
  const whole = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const side = Math.min(whole.width, whole.height);
  const [left, top] = [(whole.width - side) / 2, (whole.height - side) / 2];
  const square = await createImageBitmap(whole, Math.floor(left), Math.floor(top), side, side);
  const full = await encode(draw(square, square, FULL));
  const thumb = draw(square, square, SMALL).toDataURL('image/jpeg', 0.75);
  whole.close();
  square.close();
  const media = uuid7();
  remember(media, full);
  return { photo: { media, thumb }, upload: uploadOf(media, 'image', full) };
}
