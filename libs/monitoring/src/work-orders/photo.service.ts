import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { PhotoQuery, WorkOrderPhotoView } from '#contracts';
import { cleanPhoto, isEnded, photoName, photoType, PHOTO_BYTES_MAX, PHOTOS_MAX } from '#domain';
import { Database, postgresError, sql, type Queryable } from '#persistence';
import { Clock, ProblemError } from '#platform';
import { photoView } from './work-order-views.ts';
import { WorkOrderRepository, type PhotoRow } from './work-order.repository.ts';
import type { WorkOrderActor } from './work-order.writer.ts';

interface KnownPhoto {
  id: number;
  orderId: number;
  sentHash: Buffer;
}

/**
 * Photos of work orders. The type is that of the bytes; where and with what it was taken is taken out, unless the one
 * who sends it wants it kept. The same photo of an order is kept once.
 */
@Injectable()
export class WorkOrderPhotoService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * @throws ProblemError 404 `work_order.not_found`; 409 `work_order.ended`, `work_order.too_many_photos`,
   *   `work_order.key_reused`; 413 `work_order.photo_too_large`; 415 `work_order.photo_type`;
   *   422 `work_order.photo_unreadable`
   */
  async add(
    orderId: number,
    photo: PhotoQuery & { bytes: Buffer },
    actor: WorkOrderActor,
  ): Promise<WorkOrderPhotoView> {
    const { mediaType, cleaned } = checked(photo);
    const sentHash = createHash('sha256').update(photo.bytes).digest();
    try {
      return await this.database.transaction(async (transaction) => {
        const order = await new WorkOrderRepository(transaction).lock(orderId);
        if (!order) throw new ProblemError(404, 'work_order.not_found', `no work order ${orderId}`);
        const known = await knownPhoto(transaction, { orderId, sentHash, photo });
        if (known) {
          if (known.orderId !== orderId || !known.sentHash.equals(sentHash)) throw keyReused();
          return await this.view(transaction, orderId, known.id);
        }
        if (isEnded(order.state))
          throw new ProblemError(409, 'work_order.ended', 'this order has come to an end');
        const [{ n } = { n: 0 }] = await transaction.query<{ n: number }>(sql`
          select count(*)::int as n from work_order_photo where work_order_id = ${orderId}::int`);
        if (n >= PHOTOS_MAX)
          throw new ProblemError(
            409,
            'work_order.too_many_photos',
            `an order has at most ${PHOTOS_MAX} photos`,
          );
        const [row] = await transaction.query<{ id: number }>(sql`
          insert into work_order_photo (work_order_id, action_key, sent_hash, media_type, name, bytes, position_kept,
            taken_by, recorded_at)
          values (${orderId}::int, ${photo.actionKey}::uuid, ${sentHash}::bytea, ${mediaType},
            ${photoName(photo.name)}, ${Buffer.from(cleaned)}::bytea, ${photo.keepPosition}::boolean, ${actor.name},
            ${this.clock.now()}::timestamptz)
          returning id`);
        if (!row) throw new Error('a photo was not inserted');
        return await this.view(transaction, orderId, row.id);
      });
    } catch (error) {
      if (postgresError(error)?.constraint === 'work_order_photo_once') throw keyReused();
      throw error;
    }
  }

  /** The bytes of a photo and its type. @throws ProblemError 404 `work_order.photo_not_found` */
  async read(orderId: number, photoId: number): Promise<{ bytes: Buffer; mediaType: string }> {
    const [row] = await this.database.query<{ bytes: Buffer; mediaType: string }>(sql`
      select bytes, media_type as "mediaType"
      from work_order_photo where id = ${photoId}::int and work_order_id = ${orderId}::int`);
    if (!row) throw new ProblemError(404, 'work_order.photo_not_found', `no photo ${photoId} of this order`);
    return row;
  }

  private async view(queryable: Queryable, orderId: number, id: number): Promise<WorkOrderPhotoView> {
    const photos: PhotoRow[] = await new WorkOrderRepository(queryable).photos(orderId);
    const row = photos.find((photo) => photo.id === id);
    if (!row) throw new Error('a kept photo is not there');
    return photoView(row);
  }
}

function checked(photo: PhotoQuery & { bytes: Buffer }) {
  if (photo.bytes.length > PHOTO_BYTES_MAX)
    throw new ProblemError(413, 'work_order.photo_too_large', `a photo has at most ${PHOTO_BYTES_MAX} bytes`);
  const mediaType = photoType(photo.bytes);
  if (mediaType === null)
    throw new ProblemError(415, 'work_order.photo_type', 'send a photo as JPEG, PNG or WebP');
  const cleaned = cleanPhoto(photo.bytes, mediaType);
  if (cleaned === null)
    throw new ProblemError(
      422,
      'work_order.photo_unreadable',
      'the photo is not whole, or not a still picture',
    );
  return { mediaType, cleaned: photo.keepPosition ? photo.bytes : cleaned };
}

async function knownPhoto(
  queryable: Queryable,
  { orderId, sentHash, photo }: { orderId: number; sentHash: Buffer; photo: PhotoQuery },
): Promise<KnownPhoto | null> {
  const [row] = await queryable.query<KnownPhoto>(sql`
    select id, work_order_id as "orderId", sent_hash as "sentHash"
    from work_order_photo
    where action_key = ${photo.actionKey}::uuid
      or (work_order_id = ${orderId}::int and sent_hash = ${sentHash}::bytea
        and position_kept = ${photo.keepPosition}::boolean)
    order by (action_key = ${photo.actionKey}::uuid) desc
    limit 1`);
  return row ?? null;
}

const keyReused = () => new ProblemError(409, 'work_order.key_reused', 'this key belongs to another action');
