/** How the sockets are, in numbers. */
export interface WireFigures {
  /** Sockets before hello. */
  opening: number;
  /** Sockets after it, by what they are. */
  clients: { role: string; mode: string; count: number }[];
  /** Bytes that wait to be read by clients. */
  bufferedBytes: number;
  /** Events that clients were too slow for, since the start. */
  droppedEvents: number;
  /** Clients that were closed for reading too slowly, since the start. */
  slowConsumers: number;
}
