// A voice note from the microphone, or a tone where there is none. Photos for those who have none at
// hand.

// A piece is told of every pieceLength; patience bounds the wait for the first one. In milliseconds.
const pieceLength = 100;
const patience = 2000;

const formats = ["audio/ogg;codecs=opus", "audio/mp4;codecs=opus", "audio/mp4", "audio/webm;codecs=opus"];

/** record begins a voice note. Its stop returns the Blob; tone says that no microphone was there. */
export async function record() {
  const { stream, tone, end } = await microphone().catch(beep);
  const mimeType = formats.find((format) => MediaRecorder.isTypeSupported(format));
  const recorder = new MediaRecorder(stream, mimeType && { mimeType });
  const pieces = [];
  const begun = new Promise((resolve) => {
    recorder.ondataavailable = (event) => {
      pieces.push(event.data);
      if (event.data.size > 0) resolve();
    };
    setTimeout(resolve, patience);
  });
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start(pieceLength);
  return {
    tone,
    async stop() {
      await Promise.race([begun, stopped]); // a note that is stopped at once would be empty
      if (recorder.state !== "inactive") recorder.stop();
      await stopped;
      end();
      return new Blob(pieces, { type: recorder.mimeType.split(";")[0] });
    },
  };
}

async function microphone() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  return { stream, tone: false, end: () => stream.getTracks().forEach((track) => track.stop()) };
}

function beep() {
  const context = new AudioContext();
  const source = context.createOscillator();
  const volume = context.createGain();
  const target = context.createMediaStreamDestination();
  source.frequency.value = 440;
  volume.gain.value = 0.2;
  source.connect(volume).connect(target);
  source.start();
  return { stream: target.stream, tone: true, end: () => context.close() };
}

/** samplePhoto draws a parcel on a doorstep, as a PNG. */
export function samplePhoto() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 420 });
  const pen = canvas.getContext("2d");
  const block = (colour, ...rectangle) => {
    pen.fillStyle = colour;
    pen.fillRect(...rectangle);
  };
  const sky = pen.createLinearGradient(0, 0, 0, 420);
  sky.addColorStop(0, "#dfeae4");
  sky.addColorStop(1, "#f4ede1");
  block(sky, 0, 0, 640, 420);
  block("#b9c9bf", 0, 318, 640, 102);
  block("#2f5d50", 400, 70, 150, 250);
  block("#3d7263", 416, 88, 118, 92);
  block("#e7c66b", 522, 206, 12, 12);
  block("#c79a62", 130, 190, 210, 150);
  block("#b98a52", 130, 190, 210, 26);
  block("#e8d3ae", 222, 190, 26, 150);
  block("#fbf7ee", 152, 246, 58, 44);
  block("#8d9a92", 158, 256, 42, 5);
  block("#8d9a92", 158, 268, 30, 5);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
