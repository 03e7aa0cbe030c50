import { findGatewayError, GatewayError } from '../../sdk/protocol/errors.ts';

/** Why an image or a file is not taken; for images in the words of OpenAI's API reference (`Response.error.code`). */
export type MediaReason =
  | 'invalid_image_url'
  | 'invalid_base64_image'
  | 'invalid_image_format'
  | 'unsupported_image_media_type'
  | 'empty_image_file'
  | 'image_file_too_large'
  | 'image_too_large'
  | 'image_parse_error'
  | 'failed_to_download_image'
  | 'invalid_file_url'
  | 'invalid_file'
  | 'unsupported_file_type'
  | 'empty_file'
  | 'file_too_large'
  | 'file_parse_error'
  | 'failed_to_download_file';

/** An image or a file that the sender has to change. The message tells what is wrong and what is taken. */
export function refuseMedia(reason: MediaReason, message: string, cause?: unknown): GatewayError {
  return new GatewayError('INVALID_REQUEST', message, { details: { code: 'ATTACHMENT_UNREADABLE', reason }, cause });
}

/** The reason of an error of this room; undefined for others. */
export function findMediaReason(error: unknown): MediaReason | undefined {
  const details = findGatewayError(error)?.details;
  return details?.code === 'ATTACHMENT_UNREADABLE' ? (details.reason as MediaReason | undefined) : undefined;
}
