/** Longest side of a photo that is sent: a name plate is still legible, and it is some 400 kB. */
const SIDE_MAX_PX = 1920;
const QUALITY = 0.82;

/**
 * A photo of a phone, smaller and turned upright. Drawn anew, it has no position any more; the server takes it out as
 * well.
 * @throws where the browser cannot read the picture
 */
export async function shrinkPhoto(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file);
  const factor = Math.min(1, SIDE_MAX_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * factor));
  canvas.height = Math.max(1, Math.round(picture.height * factor));
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', QUALITY);
  });
}
