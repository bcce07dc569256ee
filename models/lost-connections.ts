// @ts-expect-error: the driver has types of its front only.
import { Connection } from 'mongodb/lib/cmap/connection.js'

interface DriverConnection {
  socket: { emit(event: 'drain'): boolean }
  cleanup(error: Error): void
}

let mended = false

/**
 * Lets an operation end whose connection is lost at the moment when it is sent. The driver (mongodb 7.8 and 7.9) waits for
 * the socket to drain whenever a write returns false; where the socket has been destroyed and has not said so yet,
 * neither `drain` nor `error` comes any more, and the operation has no end, whatever time-outs are set. Woken up, it
 * finds what the connection was closed with and fails with that.
 */
export function endLostOperations(): void {
  if (mended) return
  mended = true
  const driver = (Connection as { prototype: DriverConnection }).prototype
  const { cleanup } = driver
  driver.cleanup = function (error) {
    cleanup.call(this, error)
    this.socket.emit('drain')
  }
}
