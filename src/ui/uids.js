// Names of what the standard gives a UID (PS3.6 annex A), of those that are met most: who refuses one tells its UID
// alone.

const SOP_CLASS = "1.2.840.10008.5.1.4.1.1.";
const NAMES = new Map([
  ["1", "Computed Radiography"], ["1.1", "Digital X-Ray"], ["1.1.1", "Digital X-Ray, processing"], ["1.2", "Digital Mammography"],
  ["1.2.1", "Digital Mammography, processing"], ["1.3", "Digital Intra-Oral X-Ray"], ["2", "CT"], ["2.1", "Enhanced CT"],
  ["3.1", "Ultrasound, multi-frame"], ["4", "MR"], ["4.1", "Enhanced MR"], ["4.2", "MR Spectroscopy"], ["6.1", "Ultrasound"],
  ["6.2", "Enhanced Ultrasound Volume"], ["7", "Secondary Capture"], ["7.2", "Secondary Capture, multi-frame grayscale"],
  ["7.4", "Secondary Capture, multi-frame colour"], ["9.1.1", "12-lead ECG"], ["11.1", "Grayscale Presentation State"],
  ["12.1", "X-Ray Angiography"], ["12.2", "X-Ray Fluoroscopy"], ["13.1.3", "Breast Tomosynthesis"], ["20", "Nuclear Medicine"],
  ["66", "Raw Data"], ["66.4", "Segmentation"], ["77.1.1", "Endoscopy"], ["77.1.4", "Photography"], ["88.11", "Basic Text SR"],
  ["88.22", "Enhanced SR"], ["88.33", "Comprehensive SR"], ["88.59", "Key Object Selection"], ["88.67", "Radiation Dose SR"],
  ["104.1", "Encapsulated PDF"], ["128", "PET"], ["481.1", "RT Image"], ["481.2", "RT Dose"], ["481.3", "RT Structure Set"], ["481.5", "RT Plan"],
].map(([end, name]) => [SOP_CLASS + end, name]).concat([
  ["1.2.840.10008.1.2", "Implicit VR Little Endian"], ["1.2.840.10008.1.2.1", "Explicit VR Little Endian"],
  ["1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian"], ["1.2.840.10008.1.2.2", "Explicit VR Big Endian"],
  ["1.2.840.10008.1.2.4.50", "JPEG Baseline"], ["1.2.840.10008.1.2.4.51", "JPEG Extended"], ["1.2.840.10008.1.2.4.57", "JPEG Lossless"],
  ["1.2.840.10008.1.2.4.70", "JPEG Lossless SV1"], ["1.2.840.10008.1.2.4.80", "JPEG-LS Lossless"], ["1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless"],
  ["1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless"], ["1.2.840.10008.1.2.4.91", "JPEG 2000"], ["1.2.840.10008.1.2.4.201", "HTJ2K Lossless"],
  ["1.2.840.10008.1.2.4.203", "HTJ2K"], ["1.2.840.10008.1.2.5", "RLE Lossless"],
]));

/**
 * The same text with the name in front of each UID that has one: "MR (1.2.840.10008.5.1.4.1.1.4)". What is before it is
 * matched too: a lookbehind is a syntax error in Safari before 16.4, and ends the whole page.
 */
export const named = (text) => text.replace(/(^|[^\d.(])(1\.2\.840\.10008(?:\.\d+)+)/g, (found, before, uid) => (NAMES.has(uid) ? `${before}${NAMES.get(uid)} (${uid})` : found));
