// Made by scripts/deidentification_table.py: change that, not this file.
//! Facts of PS3.15 2024e, Table E.1-1, with the rows that the editions up to 2026c added; and of PS3.3, which
//! types the attributes with a conditional action have in each IOD.

use super::action::Basic::{self, *};
use super::action::column::*;

/// The edition whose table it is.
pub const EDITION: &str = "2024e";

/// One row: the tag, what the basic profile does, which options keep it (K), which clean it (C).
#[derive(Debug)]
pub struct Row(pub u32, pub Basic, pub u16, pub u16);

/// 617 rows of 2024e and 35 later ones, by tag. Repeating groups and private attributes are
/// code (`action.rs`).
#[rustfmt::skip]
pub static ROWS: &[Row] = &[
    Row(0x0000_1000, X, UIDS, 0), // AffectedSOPInstanceUID
    Row(0x0000_1001, U, UIDS, 0), // RequestedSOPInstanceUID
    Row(0x0002_0003, U, UIDS, 0), // MediaStorageSOPInstanceUID
    Row(0x0004_1511, U, UIDS, 0), // ReferencedSOPInstanceUIDInFile
    Row(0x0008_0012, XorD, FULL_DATES, MODIFIED_DATES), // InstanceCreationDate
    Row(0x0008_0013, XorZorD, FULL_DATES, MODIFIED_DATES), // InstanceCreationTime
    Row(0x0008_0014, U, UIDS, 0), // InstanceCreatorUID
    Row(0x0008_0015, X, FULL_DATES, MODIFIED_DATES), // InstanceCoercionDateTime
    Row(0x0008_0017, U, UIDS, 0), // AcquisitionUID
    Row(0x0008_0018, U, UIDS, 0), // SOPInstanceUID
    Row(0x0008_0019, U, UIDS, 0), // PyramidUID
    Row(0x0008_0020, Z, FULL_DATES, MODIFIED_DATES), // StudyDate
    Row(0x0008_0021, XorD, FULL_DATES, MODIFIED_DATES), // SeriesDate
    Row(0x0008_0022, XorZ, FULL_DATES, MODIFIED_DATES), // AcquisitionDate
    Row(0x0008_0023, ZorD, FULL_DATES, MODIFIED_DATES), // ContentDate
    Row(0x0008_0024, X, FULL_DATES, MODIFIED_DATES), // OverlayDate
    Row(0x0008_0025, X, FULL_DATES, MODIFIED_DATES), // CurveDate
    Row(0x0008_002A, XorZorD, FULL_DATES, MODIFIED_DATES), // AcquisitionDateTime
    Row(0x0008_0030, Z, FULL_DATES, MODIFIED_DATES), // StudyTime
    Row(0x0008_0031, XorD, FULL_DATES, MODIFIED_DATES), // SeriesTime
    Row(0x0008_0032, XorZ, FULL_DATES, MODIFIED_DATES), // AcquisitionTime
    Row(0x0008_0033, ZorD, FULL_DATES, MODIFIED_DATES), // ContentTime
    Row(0x0008_0034, X, FULL_DATES, MODIFIED_DATES), // OverlayTime
    Row(0x0008_0035, X, FULL_DATES, MODIFIED_DATES), // CurveTime
    Row(0x0008_0050, Z, 0, 0), // AccessionNumber
    Row(0x0008_0054, X, 0, DEVICE), // RetrieveAETitle
    Row(0x0008_0055, X, 0, DEVICE), // StationAETitle
    Row(0x0008_0058, U, UIDS, 0), // FailedSOPInstanceUIDList
    Row(0x0008_0080, XorZorD, INSTITUTION, 0), // InstitutionName
    Row(0x0008_0081, X, INSTITUTION, 0), // InstitutionAddress
    Row(0x0008_0082, XorZorD, INSTITUTION, 0), // InstitutionCodeSequence
    Row(0x0008_0090, Z, 0, 0), // ReferringPhysicianName
    Row(0x0008_0092, X, 0, 0), // ReferringPhysicianAddress
    Row(0x0008_0094, X, 0, 0), // ReferringPhysicianTelephoneNumbers
    Row(0x0008_0096, X, 0, 0), // ReferringPhysicianIdentificationSequence
    Row(0x0008_009C, Z, 0, 0), // ConsultingPhysicianName
    Row(0x0008_009D, X, 0, 0), // ConsultingPhysicianIdentificationSequence
    Row(0x0008_0106, D, FULL_DATES, MODIFIED_DATES), // ContextGroupVersion
    Row(0x0008_0107, D, FULL_DATES, MODIFIED_DATES), // ContextGroupLocalVersion
    Row(0x0008_0201, X, FULL_DATES, MODIFIED_DATES), // TimezoneOffsetFromUTC
    Row(0x0008_1000, X, 0, DEVICE), // NetworkID
    Row(0x0008_1010, XorZorD, DEVICE, 0), // StationName
    Row(0x0008_1030, X, 0, DESCRIPTORS), // StudyDescription
    Row(0x0008_103E, X, 0, DESCRIPTORS), // SeriesDescription
    Row(0x0008_1040, X, INSTITUTION, 0), // InstitutionalDepartmentName
    Row(0x0008_1041, X, INSTITUTION, 0), // InstitutionalDepartmentTypeCodeSequence
    Row(0x0008_1048, X, 0, 0), // PhysiciansOfRecord
    Row(0x0008_1049, X, 0, 0), // PhysiciansOfRecordIdentificationSequence
    Row(0x0008_1050, X, 0, 0), // PerformingPhysicianName
    Row(0x0008_1052, X, 0, 0), // PerformingPhysicianIdentificationSequence
    Row(0x0008_1060, X, 0, 0), // NameOfPhysiciansReadingStudy
    Row(0x0008_1062, X, 0, 0), // PhysiciansReadingStudyIdentificationSequence
    Row(0x0008_1070, XorZorD, 0, 0), // OperatorsName
    Row(0x0008_1072, XorD, 0, 0), // OperatorIdentificationSequence
    Row(0x0008_1080, X, 0, DESCRIPTORS), // AdmittingDiagnosesDescription
    Row(0x0008_1084, X, 0, DESCRIPTORS), // AdmittingDiagnosesCodeSequence
    Row(0x0008_1088, X, 0, DESCRIPTORS), // PyramidDescription
    Row(0x0008_1110, XorZ, UIDS, 0), // ReferencedStudySequence
    Row(0x0008_1111, XorZorD, UIDS, 0), // ReferencedPerformedProcedureStepSequence
    Row(0x0008_1120, X, UIDS, 0), // ReferencedPatientSequence
    Row(0x0008_1140, XorZorU, UIDS, 0), // ReferencedImageSequence
    Row(0x0008_1155, U, UIDS, 0), // ReferencedSOPInstanceUID
    Row(0x0008_1195, U, UIDS, 0), // TransactionUID
    Row(0x0008_1301, X, 0, 0), // , 2026c
    Row(0x0008_1302, X, 0, 0), // , 2026c
    Row(0x0008_1303, X, 0, 0), // , 2026c
    Row(0x0008_1304, X, 0, 0), // , 2026c
    Row(0x0008_2111, X, 0, DESCRIPTORS), // DerivationDescription
    Row(0x0008_2112, XorZorU, UIDS, 0), // SourceImageSequence
    Row(0x0008_3010, U, UIDS, 0), // IrradiationEventUID
    Row(0x0008_4000, X, 0, DESCRIPTORS), // IdentifyingComments
    Row(0x0010_0010, Z, 0, 0), // PatientName
    Row(0x0010_0011, X, 0, 0), // , 2026c
    Row(0x0010_0012, X, 0, 0), // , 2026c
    Row(0x0010_0013, X, 0, 0), // , 2026c
    Row(0x0010_0014, X, 0, 0), // , 2026c
    Row(0x0010_0015, X, 0, 0), // , 2026c
    Row(0x0010_0016, X, 0, 0), // , 2026c
    Row(0x0010_0020, ZorD, 0, 0), // PatientID
    Row(0x0010_0021, X, 0, 0), // IssuerOfPatientID
    Row(0x0010_0030, Z, 0, 0), // PatientBirthDate
    Row(0x0010_0032, X, 0, 0), // PatientBirthTime
    Row(0x0010_0040, Z, PATIENT, 0), // PatientSex
    Row(0x0010_0041, X, 0, 0), // , 2026c
    Row(0x0010_0042, X, 0, 0), // , 2026c
    Row(0x0010_0043, X, 0, 0), // , 2026c
    Row(0x0010_0044, X, 0, 0), // , 2026c
    Row(0x0010_0045, X, 0, 0), // , 2026c
    Row(0x0010_0046, X, 0, 0), // , 2026c
    Row(0x0010_0047, X, 0, 0), // , 2026c
    Row(0x0010_0050, X, 0, 0), // PatientInsurancePlanCodeSequence
    Row(0x0010_0101, X, 0, 0), // PatientPrimaryLanguageCodeSequence
    Row(0x0010_0102, X, 0, 0), // PatientPrimaryLanguageModifierCodeSequence
    Row(0x0010_1000, X, 0, 0), // OtherPatientIDs
    Row(0x0010_1001, X, 0, 0), // OtherPatientNames
    Row(0x0010_1002, X, 0, 0), // OtherPatientIDsSequence
    Row(0x0010_1005, X, 0, 0), // PatientBirthName
    Row(0x0010_1010, X, PATIENT, 0), // PatientAge
    Row(0x0010_1020, X, PATIENT, 0), // PatientSize
    Row(0x0010_1030, X, PATIENT, 0), // PatientWeight
    Row(0x0010_1040, X, 0, 0), // PatientAddress
    Row(0x0010_1050, X, 0, 0), // InsurancePlanIdentification
    Row(0x0010_1060, X, 0, 0), // PatientMotherBirthName
    Row(0x0010_1080, X, 0, 0), // MilitaryRank
    Row(0x0010_1081, X, 0, 0), // BranchOfService
    Row(0x0010_1090, X, 0, 0), // MedicalRecordLocator
    Row(0x0010_1100, X, 0, 0), // ReferencedPatientPhotoSequence
    Row(0x0010_2000, X, 0, DESCRIPTORS), // MedicalAlerts
    Row(0x0010_2110, X, 0, PATIENT | DESCRIPTORS), // Allergies
    Row(0x0010_2150, X, 0, 0), // CountryOfResidence
    Row(0x0010_2152, X, 0, 0), // RegionOfResidence
    Row(0x0010_2154, X, 0, 0), // PatientTelephoneNumbers
    Row(0x0010_2155, X, 0, 0), // PatientTelecomInformation
    Row(0x0010_2160, X, PATIENT, 0), // EthnicGroup
    Row(0x0010_2161, X, 0, 0), // EthnicGroupCodeSequence, 2026c
    Row(0x0010_2162, X, 0, 0), // , 2026c
    Row(0x0010_2180, X, 0, DESCRIPTORS), // Occupation
    Row(0x0010_21A0, X, PATIENT, 0), // SmokingStatus
    Row(0x0010_21B0, X, 0, DESCRIPTORS), // AdditionalPatientHistory
    Row(0x0010_21C0, X, PATIENT, 0), // PregnancyStatus
    Row(0x0010_21D0, X, FULL_DATES, MODIFIED_DATES), // LastMenstrualDate
    Row(0x0010_21F0, X, 0, 0), // PatientReligiousPreference
    Row(0x0010_2203, XorZ, PATIENT, 0), // PatientSexNeutered
    Row(0x0010_2297, X, 0, 0), // ResponsiblePerson
    Row(0x0010_2299, X, 0, 0), // ResponsibleOrganization
    Row(0x0010_4000, X, 0, DESCRIPTORS), // PatientComments
    Row(0x0012_0010, D, 0, 0), // ClinicalTrialSponsorName
    Row(0x0012_0020, D, 0, 0), // ClinicalTrialProtocolID
    Row(0x0012_0021, Z, 0, 0), // ClinicalTrialProtocolName
    Row(0x0012_0022, X, 0, 0), // IssuerOfClinicalTrialProtocolID
    Row(0x0012_0023, X, 0, 0), // OtherClinicalTrialProtocolIDsSequence
    Row(0x0012_0030, Z, INSTITUTION, 0), // ClinicalTrialSiteID
    Row(0x0012_0031, Z, INSTITUTION, 0), // ClinicalTrialSiteName
    Row(0x0012_0032, X, 0, 0), // IssuerOfClinicalTrialSiteID
    Row(0x0012_0040, D, 0, 0), // ClinicalTrialSubjectID
    Row(0x0012_0041, X, 0, 0), // IssuerOfClinicalTrialSubjectID
    Row(0x0012_0042, D, 0, 0), // ClinicalTrialSubjectReadingID
    Row(0x0012_0043, X, 0, 0), // IssuerOfClinicalTrialSubjectReadingID
    Row(0x0012_0050, Z, 0, 0), // ClinicalTrialTimePointID
    Row(0x0012_0051, X, 0, DESCRIPTORS), // ClinicalTrialTimePointDescription
    Row(0x0012_0055, X, 0, 0), // IssuerOfClinicalTrialTimePointID
    Row(0x0012_0060, Z, INSTITUTION, 0), // ClinicalTrialCoordinatingCenterName
    Row(0x0012_0071, X, 0, 0), // ClinicalTrialSeriesID
    Row(0x0012_0072, X, 0, DESCRIPTORS), // ClinicalTrialSeriesDescription
    Row(0x0012_0073, X, 0, 0), // IssuerOfClinicalTrialSeriesID
    Row(0x0012_0081, D, INSTITUTION, 0), // ClinicalTrialProtocolEthicsCommitteeName
    Row(0x0012_0082, X, 0, 0), // ClinicalTrialProtocolEthicsCommitteeApprovalNumber
    Row(0x0012_0086, X, FULL_DATES, MODIFIED_DATES), // EthicsCommitteeApprovalEffectivenessStartDate
    Row(0x0012_0087, X, FULL_DATES, MODIFIED_DATES), // EthicsCommitteeApprovalEffectivenessEndDate
    Row(0x0014_407C, X, DEVICE | FULL_DATES, MODIFIED_DATES), // CalibrationTime
    Row(0x0014_407E, X, DEVICE | FULL_DATES, MODIFIED_DATES), // CalibrationDate
    Row(0x0016_002B, X, 0, DESCRIPTORS), // MakerNote
    Row(0x0016_004B, X, 0, DESCRIPTORS), // DeviceSettingDescription
    Row(0x0016_004D, X, 0, 0), // CameraOwnerName
    Row(0x0016_004E, X, DEVICE, 0), // LensSpecification
    Row(0x0016_004F, X, DEVICE, 0), // LensMake
    Row(0x0016_0050, X, DEVICE, 0), // LensModel
    Row(0x0016_0051, X, DEVICE, 0), // LensSerialNumber
    Row(0x0016_0070, X, 0, 0), // GPSVersionID
    Row(0x0016_0071, X, 0, 0), // GPSLatitudeRef
    Row(0x0016_0072, X, 0, 0), // GPSLatitude
    Row(0x0016_0073, X, 0, 0), // GPSLongitudeRef
    Row(0x0016_0074, X, 0, 0), // GPSLongitude
    Row(0x0016_0075, X, 0, 0), // GPSAltitudeRef
    Row(0x0016_0076, X, 0, 0), // GPSAltitude
    Row(0x0016_0077, X, 0, 0), // GPSTimeStamp
    Row(0x0016_0078, X, 0, 0), // GPSSatellites
    Row(0x0016_0079, X, 0, 0), // GPSStatus
    Row(0x0016_007A, X, 0, 0), // GPSMeasureMode
    Row(0x0016_007B, X, 0, 0), // GPSDOP
    Row(0x0016_007C, X, 0, 0), // GPSSpeedRef
    Row(0x0016_007D, X, 0, 0), // GPSSpeed
    Row(0x0016_007E, X, 0, 0), // GPSTrackRef
    Row(0x0016_007F, X, 0, 0), // GPSTrack
    Row(0x0016_0080, X, 0, 0), // GPSImgDirectionRef
    Row(0x0016_0081, X, 0, 0), // GPSImgDirection
    Row(0x0016_0082, X, 0, 0), // GPSMapDatum
    Row(0x0016_0083, X, 0, 0), // GPSDestLatitudeRef
    Row(0x0016_0084, X, 0, 0), // GPSDestLatitude
    Row(0x0016_0085, X, 0, 0), // GPSDestLongitudeRef
    Row(0x0016_0086, X, 0, 0), // GPSDestLongitude
    Row(0x0016_0087, X, 0, 0), // GPSDestBearingRef
    Row(0x0016_0088, X, 0, 0), // GPSDestBearing
    Row(0x0016_0089, X, 0, 0), // GPSDestDistanceRef
    Row(0x0016_008A, X, 0, 0), // GPSDestDistance
    Row(0x0016_008B, X, 0, 0), // GPSProcessingMethod
    Row(0x0016_008C, X, 0, 0), // GPSAreaInformation
    Row(0x0016_008D, X, FULL_DATES, MODIFIED_DATES), // GPSDateStamp
    Row(0x0016_008E, X, 0, 0), // GPSDifferential
    Row(0x0018_0010, ZorD, 0, DESCRIPTORS), // ContrastBolusAgent
    Row(0x0018_0027, X, FULL_DATES, MODIFIED_DATES), // InterventionDrugStopTime
    Row(0x0018_0035, X, FULL_DATES, MODIFIED_DATES), // InterventionDrugStartTime
    Row(0x0018_1000, XorZorD, DEVICE, 0), // DeviceSerialNumber
    Row(0x0018_1002, U, UIDS | DEVICE, 0), // DeviceUID
    Row(0x0018_1004, X, DEVICE, 0), // PlateID
    Row(0x0018_1005, X, DEVICE, 0), // GeneratorID
    Row(0x0018_1007, X, DEVICE, 0), // CassetteID
    Row(0x0018_1008, X, DEVICE, 0), // GantryID
    Row(0x0018_1009, X, DEVICE, 0), // UniqueDeviceIdentifier
    Row(0x0018_100A, X, DEVICE, 0), // UDISequence
    Row(0x0018_100B, U, UIDS | DEVICE, 0), // ManufacturerDeviceClassUID
    Row(0x0018_1010, X, 0, 0), // SecondaryCaptureDeviceID, 2026c
    Row(0x0018_1011, X, 0, 0), // HardcopyCreationDeviceID, 2026c
    Row(0x0018_1012, X, FULL_DATES, MODIFIED_DATES), // DateOfSecondaryCapture
    Row(0x0018_1014, X, FULL_DATES, MODIFIED_DATES), // TimeOfSecondaryCapture
    Row(0x0018_1030, XorD, 0, DESCRIPTORS), // ProtocolName
    Row(0x0018_1042, X, FULL_DATES, MODIFIED_DATES), // ContrastBolusStartTime
    Row(0x0018_1043, X, FULL_DATES, MODIFIED_DATES), // ContrastBolusStopTime
    Row(0x0018_1072, X, FULL_DATES, MODIFIED_DATES), // RadiopharmaceuticalStartTime
    Row(0x0018_1073, X, FULL_DATES, MODIFIED_DATES), // RadiopharmaceuticalStopTime
    Row(0x0018_1078, X, FULL_DATES, MODIFIED_DATES), // RadiopharmaceuticalStartDateTime
    Row(0x0018_1079, X, FULL_DATES, MODIFIED_DATES), // RadiopharmaceuticalStopDateTime
    Row(0x0018_11BB, D, 0, DESCRIPTORS), // AcquisitionFieldOfViewLabel
    Row(0x0018_1200, X, DEVICE | FULL_DATES, MODIFIED_DATES), // DateOfLastCalibration
    Row(0x0018_1201, X, DEVICE | FULL_DATES, MODIFIED_DATES), // TimeOfLastCalibration
    Row(0x0018_1202, X, DEVICE | FULL_DATES, MODIFIED_DATES), // DateTimeOfLastCalibration
    Row(0x0018_1203, Z, DEVICE | FULL_DATES, MODIFIED_DATES), // CalibrationDateTime
    Row(0x0018_1204, X, DEVICE | FULL_DATES, MODIFIED_DATES), // DateOfManufacture
    Row(0x0018_1205, X, DEVICE | FULL_DATES, MODIFIED_DATES), // DateOfInstallation
    Row(0x0018_1400, XorD, 0, DESCRIPTORS), // AcquisitionDeviceProcessingDescription
    Row(0x0018_2042, U, UIDS, 0), // TargetUID
    Row(0x0018_4000, X, 0, DESCRIPTORS), // AcquisitionComments
    Row(0x0018_5011, X, DEVICE, 0), // TransducerIdentificationSequence
    Row(0x0018_700A, XorD, DEVICE, 0), // DetectorID
    Row(0x0018_700C, XorD, DEVICE | FULL_DATES, MODIFIED_DATES), // DateOfLastDetectorCalibration
    Row(0x0018_700E, XorD, DEVICE | FULL_DATES, MODIFIED_DATES), // TimeOfLastDetectorCalibration
    Row(0x0018_9074, D, FULL_DATES, MODIFIED_DATES), // FrameAcquisitionDateTime
    Row(0x0018_9151, D, FULL_DATES, MODIFIED_DATES), // FrameReferenceDateTime
    Row(0x0018_9185, X, 0, DESCRIPTORS), // RespiratoryMotionCompensationTechniqueDescription
    Row(0x0018_9367, D, DEVICE, 0), // XRaySourceID
    Row(0x0018_9369, D, FULL_DATES, MODIFIED_DATES), // SourceStartDateTime
    Row(0x0018_936A, D, FULL_DATES, MODIFIED_DATES), // SourceEndDateTime
    Row(0x0018_9371, D, DEVICE, 0), // XRayDetectorID
    Row(0x0018_9373, X, DEVICE, 0), // XRayDetectorLabel
    Row(0x0018_937B, X, 0, DESCRIPTORS), // MultienergyAcquisitionDescription
    Row(0x0018_937F, X, 0, DESCRIPTORS), // DecompositionDescription
    Row(0x0018_9424, X, 0, DESCRIPTORS), // AcquisitionProtocolDescription
    Row(0x0018_9516, XorD, FULL_DATES, MODIFIED_DATES), // StartAcquisitionDateTime
    Row(0x0018_9517, XorD, FULL_DATES, MODIFIED_DATES), // EndAcquisitionDateTime
    Row(0x0018_9623, D, FULL_DATES, MODIFIED_DATES), // FunctionalSyncPulse
    Row(0x0018_9701, D, FULL_DATES, MODIFIED_DATES), // DecayCorrectionDateTime
    Row(0x0018_9804, D, FULL_DATES, MODIFIED_DATES), // ExclusionStartDateTime
    Row(0x0018_9919, ZorD, FULL_DATES, MODIFIED_DATES), // InstructionPerformedDateTime
    Row(0x0018_9937, X, 0, DESCRIPTORS), // RequestedSeriesDescription
    Row(0x0018_A002, X, FULL_DATES, MODIFIED_DATES), // ContributionDateTime
    Row(0x0018_A003, X, 0, DESCRIPTORS), // ContributionDescription
    Row(0x0020_000D, U, UIDS, 0), // StudyInstanceUID
    Row(0x0020_000E, U, UIDS, 0), // SeriesInstanceUID
    Row(0x0020_0010, Z, 0, 0), // StudyID
    Row(0x0020_0027, X, 0, DESCRIPTORS), // PyramidLabel
    Row(0x0020_0052, U, UIDS, 0), // FrameOfReferenceUID
    Row(0x0020_0200, U, UIDS, 0), // SynchronizationFrameOfReferenceUID
    Row(0x0020_3401, X, DEVICE, 0), // ModifyingDeviceID
    Row(0x0020_3403, X, FULL_DATES, MODIFIED_DATES), // ModifiedImageDate
    Row(0x0020_3405, X, FULL_DATES, MODIFIED_DATES), // ModifiedImageTime
    Row(0x0020_3406, X, 0, 0), // ModifiedImageDescription
    Row(0x0020_4000, X, 0, DESCRIPTORS), // ImageComments
    Row(0x0020_9158, X, 0, DESCRIPTORS), // FrameComments
    Row(0x0020_9161, U, UIDS, 0), // ConcatenationUID
    Row(0x0020_9164, U, UIDS, 0), // DimensionOrganizationUID
    Row(0x0028_1199, U, UIDS, 0), // PaletteColorLookupTableUID
    Row(0x0028_1214, U, UIDS, 0), // LargePaletteColorLookupTableUID
    Row(0x0028_4000, X, 0, 0), // ImagePresentationComments
    Row(0x0032_0012, X, 0, 0), // StudyIDIssuer
    Row(0x0032_0032, X, FULL_DATES, MODIFIED_DATES), // StudyVerifiedDate
    Row(0x0032_0033, X, FULL_DATES, MODIFIED_DATES), // StudyVerifiedTime
    Row(0x0032_0034, X, FULL_DATES, MODIFIED_DATES), // StudyReadDate
    Row(0x0032_0035, X, FULL_DATES, MODIFIED_DATES), // StudyReadTime
    Row(0x0032_1000, X, FULL_DATES, MODIFIED_DATES), // ScheduledStudyStartDate
    Row(0x0032_1001, X, FULL_DATES, MODIFIED_DATES), // ScheduledStudyStartTime
    Row(0x0032_1010, X, FULL_DATES, MODIFIED_DATES), // ScheduledStudyStopDate
    Row(0x0032_1011, X, FULL_DATES, MODIFIED_DATES), // ScheduledStudyStopTime
    Row(0x0032_1020, X, DEVICE, 0), // ScheduledStudyLocation
    Row(0x0032_1021, X, 0, DEVICE), // ScheduledStudyLocationAETitle
    Row(0x0032_1030, X, 0, DESCRIPTORS), // ReasonForStudy
    Row(0x0032_1032, X, 0, 0), // RequestingPhysician
    Row(0x0032_1033, X, 0, 0), // RequestingService
    Row(0x0032_1040, X, FULL_DATES, MODIFIED_DATES), // StudyArrivalDate
    Row(0x0032_1041, X, FULL_DATES, MODIFIED_DATES), // StudyArrivalTime
    Row(0x0032_1050, X, FULL_DATES, MODIFIED_DATES), // StudyCompletionDate
    Row(0x0032_1051, X, FULL_DATES, MODIFIED_DATES), // StudyCompletionTime
    Row(0x0032_1060, XorZ, 0, DESCRIPTORS), // RequestedProcedureDescription
    Row(0x0032_1066, X, 0, DESCRIPTORS), // ReasonForVisit
    Row(0x0032_1067, X, 0, DESCRIPTORS), // ReasonForVisitCodeSequence
    Row(0x0032_1070, X, 0, DESCRIPTORS), // RequestedContrastAgent
    Row(0x0032_4000, X, 0, DESCRIPTORS), // StudyComments
    Row(0x0034_0001, D, 0, 0), // FlowIdentifierSequence
    Row(0x0034_0002, D, 0, 0), // FlowIdentifier
    Row(0x0034_0005, D, 0, 0), // SourceIdentifier
    Row(0x0034_0007, D, FULL_DATES, MODIFIED_DATES), // FrameOriginTimestamp
    Row(0x0038_0004, X, 0, 0), // ReferencedPatientAliasSequence
    Row(0x0038_0010, X, 0, 0), // AdmissionID
    Row(0x0038_0011, X, 0, 0), // IssuerOfAdmissionID
    Row(0x0038_0014, X, 0, 0), // IssuerOfAdmissionIDSequence
    Row(0x0038_001A, X, FULL_DATES, MODIFIED_DATES), // ScheduledAdmissionDate
    Row(0x0038_001B, X, FULL_DATES, MODIFIED_DATES), // ScheduledAdmissionTime
    Row(0x0038_001C, X, FULL_DATES, MODIFIED_DATES), // ScheduledDischargeDate
    Row(0x0038_001D, X, FULL_DATES, MODIFIED_DATES), // ScheduledDischargeTime
    Row(0x0038_001E, X, 0, 0), // ScheduledPatientInstitutionResidence
    Row(0x0038_0020, X, FULL_DATES, MODIFIED_DATES), // AdmittingDate
    Row(0x0038_0021, X, FULL_DATES, MODIFIED_DATES), // AdmittingTime
    Row(0x0038_0030, X, FULL_DATES, MODIFIED_DATES), // DischargeDate
    Row(0x0038_0032, X, FULL_DATES, MODIFIED_DATES), // DischargeTime
    Row(0x0038_0040, X, 0, DESCRIPTORS), // DischargeDiagnosisDescription
    Row(0x0038_0050, X, 0, PATIENT), // SpecialNeeds
    Row(0x0038_0060, X, 0, 0), // ServiceEpisodeID
    Row(0x0038_0061, X, 0, 0), // IssuerOfServiceEpisodeID
    Row(0x0038_0062, X, 0, DESCRIPTORS), // ServiceEpisodeDescription
    Row(0x0038_0064, X, 0, 0), // IssuerOfServiceEpisodeIDSequence
    Row(0x0038_0300, X, 0, 0), // CurrentPatientLocation
    Row(0x0038_0400, X, 0, 0), // PatientInstitutionResidence
    Row(0x0038_0500, X, 0, PATIENT | DESCRIPTORS), // PatientState
    Row(0x0038_4000, X, 0, DESCRIPTORS), // VisitComments
    Row(0x003A_0020, X, 0, 0), // MultiplexGroupLabel, 2026c
    Row(0x003A_0203, X, 0, 0), // ChannelLabel, 2026c
    Row(0x003A_020C, X, 0, 0), // ChannelDerivationDescription, 2026c
    Row(0x003A_0310, U, UIDS, 0), // MultiplexGroupUID
    Row(0x003A_0314, D, FULL_DATES, MODIFIED_DATES), // ImpedanceMeasurementDateTime
    Row(0x003A_0329, X, 0, DESCRIPTORS), // WaveformFilterDescription
    Row(0x003A_032B, X, 0, DESCRIPTORS), // FilterLookupTableDescription
    Row(0x0040_0001, X, 0, DEVICE), // ScheduledStationAETitle
    Row(0x0040_0002, X, FULL_DATES, MODIFIED_DATES), // ScheduledProcedureStepStartDate
    Row(0x0040_0003, X, FULL_DATES, MODIFIED_DATES), // ScheduledProcedureStepStartTime
    Row(0x0040_0004, X, FULL_DATES, MODIFIED_DATES), // ScheduledProcedureStepEndDate
    Row(0x0040_0005, X, FULL_DATES, MODIFIED_DATES), // ScheduledProcedureStepEndTime
    Row(0x0040_0006, X, 0, 0), // ScheduledPerformingPhysicianName
    Row(0x0040_0007, X, 0, DESCRIPTORS), // ScheduledProcedureStepDescription
    Row(0x0040_0009, X, 0, 0), // ScheduledProcedureStepID
    Row(0x0040_000B, X, 0, 0), // ScheduledPerformingPhysicianIdentificationSequence
    Row(0x0040_0010, X, DEVICE, 0), // ScheduledStationName
    Row(0x0040_0011, X, DEVICE, 0), // ScheduledProcedureStepLocation
    Row(0x0040_0012, X, 0, PATIENT), // PreMedication
    Row(0x0040_0241, X, 0, DEVICE), // PerformedStationAETitle
    Row(0x0040_0242, X, DEVICE, 0), // PerformedStationName
    Row(0x0040_0243, X, 0, 0), // PerformedLocation
    Row(0x0040_0244, X, FULL_DATES, MODIFIED_DATES), // PerformedProcedureStepStartDate
    Row(0x0040_0245, X, FULL_DATES, MODIFIED_DATES), // PerformedProcedureStepStartTime
    Row(0x0040_0250, X, FULL_DATES, MODIFIED_DATES), // PerformedProcedureStepEndDate
    Row(0x0040_0251, X, FULL_DATES, MODIFIED_DATES), // PerformedProcedureStepEndTime
    Row(0x0040_0253, X, 0, 0), // PerformedProcedureStepID
    Row(0x0040_0254, X, 0, DESCRIPTORS), // PerformedProcedureStepDescription
    Row(0x0040_0275, X, 0, DESCRIPTORS), // RequestAttributesSequence
    Row(0x0040_0280, X, 0, DESCRIPTORS), // CommentsOnThePerformedProcedureStep
    Row(0x0040_0310, X, 0, DESCRIPTORS), // CommentsOnRadiationDose
    Row(0x0040_050A, X, 0, 0), // SpecimenAccessionNumber
    Row(0x0040_0512, D, 0, 0), // ContainerIdentifier
    Row(0x0040_0513, Z, 0, 0), // IssuerOfTheContainerIdentifierSequence
    Row(0x0040_051A, X, 0, DESCRIPTORS), // ContainerDescription
    Row(0x0040_0551, D, 0, 0), // SpecimenIdentifier
    Row(0x0040_0554, U, UIDS, 0), // SpecimenUID
    Row(0x0040_0555, XorZ, 0, STRUCTURED), // AcquisitionContextSequence
    Row(0x0040_0556, X, 0, 0), // AcquisitionContextDescription, 2026c
    Row(0x0040_0562, Z, 0, 0), // IssuerOfTheSpecimenIdentifierSequence
    Row(0x0040_0600, X, 0, DESCRIPTORS), // SpecimenShortDescription
    Row(0x0040_0602, X, 0, DESCRIPTORS), // SpecimenDetailedDescription
    Row(0x0040_0610, Z, 0, STRUCTURED), // SpecimenPreparationSequence
    Row(0x0040_06FA, X, 0, 0), // SlideIdentifier
    Row(0x0040_1001, X, 0, 0), // RequestedProcedureID
    Row(0x0040_1002, X, 0, DESCRIPTORS), // ReasonForTheRequestedProcedure
    Row(0x0040_1004, X, 0, 0), // PatientTransportArrangements
    Row(0x0040_1005, X, 0, 0), // RequestedProcedureLocation
    Row(0x0040_100A, X, 0, DESCRIPTORS), // ReasonForRequestedProcedureCodeSequence
    Row(0x0040_1010, X, 0, 0), // NamesOfIntendedRecipientsOfResults
    Row(0x0040_1011, X, 0, 0), // IntendedRecipientsOfResultsIdentificationSequence
    Row(0x0040_1101, D, 0, 0), // PersonIdentificationCodeSequence
    Row(0x0040_1102, X, 0, 0), // PersonAddress
    Row(0x0040_1103, X, 0, 0), // PersonTelephoneNumbers
    Row(0x0040_1104, X, 0, 0), // PersonTelecomInformation
    Row(0x0040_1400, X, 0, DESCRIPTORS), // RequestedProcedureComments
    Row(0x0040_2001, X, 0, DESCRIPTORS), // ReasonForTheImagingServiceRequest
    Row(0x0040_2004, X, FULL_DATES, MODIFIED_DATES), // IssueDateOfImagingServiceRequest
    Row(0x0040_2005, X, FULL_DATES, MODIFIED_DATES), // IssueTimeOfImagingServiceRequest
    Row(0x0040_2008, X, 0, 0), // OrderEnteredBy
    Row(0x0040_2009, X, 0, 0), // OrderEntererLocation
    Row(0x0040_2010, X, 0, 0), // OrderCallbackPhoneNumber
    Row(0x0040_2011, X, 0, 0), // OrderCallbackTelecomInformation
    Row(0x0040_2016, Z, 0, 0), // PlacerOrderNumberImagingServiceRequest
    Row(0x0040_2017, Z, 0, 0), // FillerOrderNumberImagingServiceRequest
    Row(0x0040_2400, X, 0, DESCRIPTORS), // ImagingServiceRequestComments
    Row(0x0040_3001, X, 0, 0), // ConfidentialityConstraintOnPatientDataDescription
    Row(0x0040_4005, X, FULL_DATES, MODIFIED_DATES), // ScheduledProcedureStepStartDateTime
    Row(0x0040_4008, X, FULL_DATES, MODIFIED_DATES), // ScheduledProcedureStepExpirationDateTime
    Row(0x0040_4010, X, FULL_DATES, MODIFIED_DATES), // ScheduledProcedureStepModificationDateTime
    Row(0x0040_4011, X, FULL_DATES, MODIFIED_DATES), // ExpectedCompletionDateTime
    Row(0x0040_4023, U, UIDS, 0), // ReferencedGeneralPurposeScheduledProcedureStepTransactionUID
    Row(0x0040_4025, X, DEVICE, 0), // ScheduledStationNameCodeSequence
    Row(0x0040_4027, X, DEVICE, 0), // ScheduledStationGeographicLocationCodeSequence
    Row(0x0040_4028, X, DEVICE, 0), // PerformedStationNameCodeSequence
    Row(0x0040_4030, X, DEVICE, 0), // PerformedStationGeographicLocationCodeSequence
    Row(0x0040_4034, X, 0, 0), // ScheduledHumanPerformersSequence
    Row(0x0040_4035, X, 0, 0), // ActualHumanPerformersSequence
    Row(0x0040_4036, X, 0, 0), // HumanPerformerOrganization
    Row(0x0040_4037, X, 0, 0), // HumanPerformerName
    Row(0x0040_4050, X, FULL_DATES, MODIFIED_DATES), // PerformedProcedureStepStartDateTime
    Row(0x0040_4051, X, FULL_DATES, MODIFIED_DATES), // PerformedProcedureStepEndDateTime
    Row(0x0040_4052, X, FULL_DATES, MODIFIED_DATES), // ProcedureStepCancellationDateTime
    Row(0x0040_A023, X, FULL_DATES, MODIFIED_DATES), // FindingsGroupRecordingDateTrial
    Row(0x0040_A024, X, FULL_DATES, MODIFIED_DATES), // FindingsGroupRecordingTimeTrial
    Row(0x0040_A027, D, 0, 0), // VerifyingOrganization
    Row(0x0040_A030, D, FULL_DATES, MODIFIED_DATES), // VerificationDateTime
    Row(0x0040_A032, XorD, FULL_DATES, MODIFIED_DATES), // ObservationDateTime
    Row(0x0040_A033, X, FULL_DATES, MODIFIED_DATES), // ObservationStartDateTime
    Row(0x0040_A034, X, 0, 0), // , 2026c
    Row(0x0040_A035, X, 0, 0), // , 2026c
    Row(0x0040_A073, D, 0, 0), // VerifyingObserverSequence
    Row(0x0040_A075, D, 0, 0), // VerifyingObserverName
    Row(0x0040_A078, X, 0, 0), // AuthorObserverSequence
    Row(0x0040_A07A, X, 0, 0), // ParticipantSequence
    Row(0x0040_A07C, X, 0, 0), // CustodialOrganizationSequence
    Row(0x0040_A082, Z, FULL_DATES, MODIFIED_DATES), // ParticipationDateTime
    Row(0x0040_A088, Z, 0, 0), // VerifyingObserverIdentificationCodeSequence
    Row(0x0040_A110, X, FULL_DATES, MODIFIED_DATES), // DateOfDocumentOrVerbalTransactionTrial
    Row(0x0040_A112, X, FULL_DATES, MODIFIED_DATES), // TimeOfDocumentCreationOrVerbalTransactionTrial
    Row(0x0040_A120, D, FULL_DATES, MODIFIED_DATES), // DateTime
    Row(0x0040_A121, D, FULL_DATES, MODIFIED_DATES), // Date
    Row(0x0040_A122, D, FULL_DATES, MODIFIED_DATES), // Time
    Row(0x0040_A123, D, 0, 0), // PersonName
    Row(0x0040_A124, U, 0, 0), // UID
    Row(0x0040_A13A, D, FULL_DATES, MODIFIED_DATES), // ReferencedDateTime
    Row(0x0040_A171, U, UIDS, 0), // ObservationUID
    Row(0x0040_A172, U, UIDS, 0), // ReferencedObservationUIDTrial
    Row(0x0040_A192, X, FULL_DATES, MODIFIED_DATES), // ObservationDateTrial
    Row(0x0040_A193, X, FULL_DATES, MODIFIED_DATES), // ObservationTimeTrial
    Row(0x0040_A307, X, 0, 0), // CurrentObserverTrial
    Row(0x0040_A352, X, 0, 0), // VerbalSourceTrial
    Row(0x0040_A353, X, 0, 0), // AddressTrial
    Row(0x0040_A354, X, 0, 0), // TelephoneNumberTrial
    Row(0x0040_A358, X, 0, 0), // VerbalSourceIdentifierCodeSequenceTrial
    Row(0x0040_A402, U, UIDS, 0), // ObservationSubjectUIDTrial
    Row(0x0040_A730, D, 0, STRUCTURED), // ContentSequence
    Row(0x0040_B020, XorD, 0, 0), // WaveformAnnotationSequence, 2026c
    Row(0x0040_B034, X, 0, 0), // , 2026c
    Row(0x0040_B036, X, 0, 0), // , 2026c
    Row(0x0040_B03B, X, 0, 0), // , 2026c
    Row(0x0040_B03F, X, 0, 0), // , 2026c
    Row(0x0040_DB06, X, FULL_DATES, MODIFIED_DATES), // TemplateVersion
    Row(0x0040_DB07, X, FULL_DATES, MODIFIED_DATES), // TemplateLocalVersion
    Row(0x0040_DB0C, U, UIDS, 0), // TemplateExtensionOrganizationUID
    Row(0x0040_DB0D, U, UIDS, 0), // TemplateExtensionCreatorUID
    Row(0x0040_E004, X, FULL_DATES, MODIFIED_DATES), // HL7DocumentEffectiveTime
    Row(0x0040_E012, X, 0, 0), // , 2026c
    Row(0x0042_0011, D, 0, 0), // EncapsulatedDocument
    Row(0x0044_0004, X, FULL_DATES, MODIFIED_DATES), // ApprovalStatusDateTime
    Row(0x0044_000B, X, FULL_DATES, MODIFIED_DATES), // ProductExpirationDateTime
    Row(0x0044_0010, X, FULL_DATES, MODIFIED_DATES), // SubstanceAdministrationDateTime
    Row(0x0044_0104, D, FULL_DATES, MODIFIED_DATES), // AssertionDateTime
    Row(0x0044_0105, X, FULL_DATES, MODIFIED_DATES), // AssertionExpirationDateTime
    Row(0x0050_001B, X, 0, 0), // ContainerComponentID
    Row(0x0050_0020, X, DEVICE, 0), // DeviceDescription
    Row(0x0050_0021, X, 0, DESCRIPTORS), // LongDeviceDescription
    Row(0x0062_0021, U, UIDS, 0), // TrackingUID
    Row(0x0064_0003, U, UIDS, 0), // SourceFrameOfReferenceUID
    Row(0x0068_6226, D, FULL_DATES, MODIFIED_DATES), // EffectiveDateTime
    Row(0x0068_6270, D, FULL_DATES, MODIFIED_DATES), // InformationIssueDateTime
    Row(0x006A_0003, D, UIDS, 0), // AnnotationGroupUID
    Row(0x006A_0005, D, 0, DESCRIPTORS), // AnnotationGroupLabel
    Row(0x006A_0006, X, 0, DESCRIPTORS), // AnnotationGroupDescription
    Row(0x0070_0001, D, 0, GRAPHICS), // GraphicAnnotationSequence
    Row(0x0070_0006, D, 0, 0), // UnformattedTextValue, 2026c
    Row(0x0070_0082, X, FULL_DATES, MODIFIED_DATES), // PresentationCreationDate
    Row(0x0070_0083, X, FULL_DATES, MODIFIED_DATES), // PresentationCreationTime
    Row(0x0070_0084, ZorD, 0, 0), // ContentCreatorName
    Row(0x0070_0086, X, 0, 0), // ContentCreatorIdentificationCodeSequence
    Row(0x0070_031A, U, UIDS, 0), // FiducialUID
    Row(0x0070_1101, U, UIDS, 0), // PresentationDisplayCollectionUID
    Row(0x0070_1102, U, UIDS, 0), // PresentationSequenceCollectionUID
    Row(0x0072_000A, D, FULL_DATES, MODIFIED_DATES), // HangingProtocolCreationDateTime
    Row(0x0072_005E, D, 0, DEVICE), // SelectorAEValue
    Row(0x0072_005F, D, PATIENT, 0), // SelectorASValue
    Row(0x0072_0061, D, FULL_DATES, MODIFIED_DATES), // SelectorDAValue
    Row(0x0072_0063, D, FULL_DATES, MODIFIED_DATES), // SelectorDTValue
    Row(0x0072_0065, D, 0, 0), // SelectorOBValue
    Row(0x0072_0066, D, 0, DESCRIPTORS), // SelectorLOValue
    Row(0x0072_0068, D, 0, DESCRIPTORS), // SelectorLTValue
    Row(0x0072_006A, D, 0, 0), // SelectorPNValue
    Row(0x0072_006B, D, FULL_DATES, MODIFIED_DATES), // SelectorTMValue
    Row(0x0072_006C, D, 0, DESCRIPTORS), // SelectorSHValue
    Row(0x0072_006D, D, 0, 0), // SelectorUNValue
    Row(0x0072_006E, D, 0, DESCRIPTORS), // SelectorSTValue
    Row(0x0072_0070, D, 0, DESCRIPTORS), // SelectorUTValue
    Row(0x0072_0071, D, 0, 0), // SelectorURValue
    Row(0x0074_1234, X, 0, DEVICE), // ReceivingAE
    Row(0x0074_1236, X, 0, DEVICE), // RequestingAE
    Row(0x0088_0140, U, UIDS, 0), // StorageMediaFileSetUID
    Row(0x0088_0200, X, 0, 0), // IconImageSequence
    Row(0x0088_0904, X, 0, 0), // TopicTitle
    Row(0x0088_0906, X, 0, 0), // TopicSubject
    Row(0x0088_0910, X, 0, 0), // TopicAuthor
    Row(0x0088_0912, X, 0, 0), // TopicKeywords
    Row(0x0100_0420, X, FULL_DATES, MODIFIED_DATES), // SOPAuthorizationDateTime
    Row(0x0400_0100, U, 0, 0), // DigitalSignatureUID
    Row(0x0400_0105, D, FULL_DATES, MODIFIED_DATES), // DigitalSignatureDateTime
    Row(0x0400_0115, D, 0, 0), // CertificateOfSigner
    Row(0x0400_0310, X, FULL_DATES, MODIFIED_DATES), // CertifiedTimestamp
    Row(0x0400_0402, X, 0, 0), // ReferencedDigitalSignatureSequence
    Row(0x0400_0403, X, 0, 0), // ReferencedSOPInstanceMACSequence
    Row(0x0400_0404, X, 0, 0), // MAC
    Row(0x0400_0550, X, 0, 0), // ModifiedAttributesSequence
    Row(0x0400_0551, X, 0, 0), // NonconformingModifiedAttributesSequence
    Row(0x0400_0552, X, 0, 0), // NonconformingDataElementValue
    Row(0x0400_0561, X, 0, 0), // OriginalAttributesSequence
    Row(0x0400_0562, D, FULL_DATES, MODIFIED_DATES), // AttributeModificationDateTime
    Row(0x0400_0563, D, DEVICE, 0), // ModifyingSystem
    Row(0x0400_0564, Z, INSTITUTION, 0), // SourceOfPreviousValues
    Row(0x0400_0565, D, 0, DESCRIPTORS), // ReasonForTheAttributeModification
    Row(0x0400_0600, X, 0, 0), // InstanceOriginStatus
    Row(0x2030_0020, X, 0, 0), // TextString
    Row(0x2100_0040, X, FULL_DATES, MODIFIED_DATES), // CreationDate
    Row(0x2100_0050, X, FULL_DATES, MODIFIED_DATES), // CreationTime
    Row(0x2100_0070, X, 0, DEVICE), // Originator
    Row(0x2100_0140, D, 0, DEVICE), // DestinationAE
    Row(0x2200_0002, XorZ, 0, DESCRIPTORS), // LabelText
    Row(0x2200_0005, XorZ, 0, 0), // BarcodeValue
    Row(0x3002_0121, X, 0, DESCRIPTORS), // PositionAcquisitionTemplateName
    Row(0x3002_0123, X, 0, DESCRIPTORS), // PositionAcquisitionTemplateDescription
    Row(0x3006_0002, D, 0, DESCRIPTORS), // StructureSetLabel
    Row(0x3006_0004, X, 0, DESCRIPTORS), // StructureSetName
    Row(0x3006_0006, X, 0, DESCRIPTORS), // StructureSetDescription
    Row(0x3006_0008, Z, FULL_DATES, MODIFIED_DATES), // StructureSetDate
    Row(0x3006_0009, Z, FULL_DATES, MODIFIED_DATES), // StructureSetTime
    Row(0x3006_0024, U, UIDS, 0), // ReferencedFrameOfReferenceUID
    Row(0x3006_0026, Z, 0, DESCRIPTORS), // ROIName
    Row(0x3006_0028, X, 0, DESCRIPTORS), // ROIDescription
    Row(0x3006_002D, X, FULL_DATES, MODIFIED_DATES), // ROIDateTime
    Row(0x3006_002E, X, FULL_DATES, MODIFIED_DATES), // ROIObservationDateTime
    Row(0x3006_0038, X, 0, DESCRIPTORS), // ROIGenerationDescription
    Row(0x3006_004D, X, 0, 0), // ROICreatorSequence
    Row(0x3006_004E, X, 0, 0), // ROIInterpreterSequence
    Row(0x3006_0085, X, 0, DESCRIPTORS), // ROIObservationLabel
    Row(0x3006_0088, X, 0, DESCRIPTORS), // ROIObservationDescription
    Row(0x3006_00A6, Z, 0, 0), // ROIInterpreter
    Row(0x3006_00C2, U, UIDS, 0), // RelatedFrameOfReferenceUID
    Row(0x3008_0024, D, FULL_DATES, MODIFIED_DATES), // TreatmentControlPointDate
    Row(0x3008_0025, D, FULL_DATES, MODIFIED_DATES), // TreatmentControlPointTime
    Row(0x3008_0054, XorD, FULL_DATES, MODIFIED_DATES), // FirstTreatmentDate
    Row(0x3008_0056, XorD, FULL_DATES, MODIFIED_DATES), // MostRecentTreatmentDate
    Row(0x3008_0105, XorZ, DEVICE, 0), // SourceSerialNumber
    Row(0x3008_0162, D, FULL_DATES, MODIFIED_DATES), // SafePositionExitDate
    Row(0x3008_0164, D, FULL_DATES, MODIFIED_DATES), // SafePositionExitTime
    Row(0x3008_0166, D, FULL_DATES, MODIFIED_DATES), // SafePositionReturnDate
    Row(0x3008_0168, D, FULL_DATES, MODIFIED_DATES), // SafePositionReturnTime
    Row(0x3008_0250, XorD, FULL_DATES, MODIFIED_DATES), // TreatmentDate
    Row(0x3008_0251, XorD, FULL_DATES, MODIFIED_DATES), // TreatmentTime
    Row(0x300A_0002, D, 0, DESCRIPTORS), // RTPlanLabel
    Row(0x300A_0003, X, 0, DESCRIPTORS), // RTPlanName
    Row(0x300A_0004, X, 0, DESCRIPTORS), // RTPlanDescription
    Row(0x300A_0006, XorD, FULL_DATES, MODIFIED_DATES), // RTPlanDate
    Row(0x300A_0007, XorD, FULL_DATES, MODIFIED_DATES), // RTPlanTime
    Row(0x300A_000B, X, 0, DESCRIPTORS), // TreatmentSites
    Row(0x300A_000E, X, 0, DESCRIPTORS), // PrescriptionDescription
    Row(0x300A_0013, U, UIDS, 0), // DoseReferenceUID
    Row(0x300A_0016, X, 0, DESCRIPTORS), // DoseReferenceDescription
    Row(0x300A_0054, U, 0, 0), // TableTopPositionAlignmentUID, 2026c
    Row(0x300A_0072, X, 0, DESCRIPTORS), // FractionGroupDescription
    Row(0x300A_0083, U, UIDS, 0), // ReferencedDoseReferenceUID
    Row(0x300A_00B2, XorZ, DEVICE, 0), // TreatmentMachineName
    Row(0x300A_00C3, X, 0, DESCRIPTORS), // BeamDescription
    Row(0x300A_00DD, X, 0, DESCRIPTORS), // BolusDescription
    Row(0x300A_0196, X, 0, DESCRIPTORS), // FixationDeviceDescription
    Row(0x300A_01A6, X, 0, DESCRIPTORS), // ShieldingDeviceDescription
    Row(0x300A_01B2, X, 0, DESCRIPTORS), // SetupTechniqueDescription
    Row(0x300A_0216, X, DEVICE, 0), // SourceManufacturer
    Row(0x300A_022C, D, FULL_DATES, MODIFIED_DATES), // SourceStrengthReferenceDate
    Row(0x300A_022E, D, FULL_DATES, MODIFIED_DATES), // SourceStrengthReferenceTime
    Row(0x300A_02EB, X, 0, DESCRIPTORS), // CompensatorDescription
    Row(0x300A_0608, D, 0, DESCRIPTORS), // TreatmentPositionGroupLabel
    Row(0x300A_0609, U, UIDS, 0), // TreatmentPositionGroupUID
    Row(0x300A_0611, Z, 0, 0), // RTAccessoryHolderSlotID
    Row(0x300A_0615, Z, 0, 0), // RTAccessoryDeviceSlotID
    Row(0x300A_0619, D, 0, DESCRIPTORS), // RadiationDoseIdentificationLabel
    Row(0x300A_0623, D, 0, DESCRIPTORS), // RadiationDoseInVivoMeasurementLabel
    Row(0x300A_062A, D, 0, DESCRIPTORS), // RTToleranceSetLabel
    Row(0x300A_0650, U, UIDS, 0), // PatientSetupUID
    Row(0x300A_0676, X, 0, DESCRIPTORS), // EquipmentFrameOfReferenceDescription
    Row(0x300A_067C, D, 0, DESCRIPTORS), // RadiationGenerationModeLabel
    Row(0x300A_067D, Z, 0, DESCRIPTORS), // RadiationGenerationModeDescription
    Row(0x300A_0700, U, UIDS, 0), // TreatmentSessionUID
    Row(0x300A_0734, D, 0, DESCRIPTORS), // TreatmentToleranceViolationDescription
    Row(0x300A_0736, D, FULL_DATES, MODIFIED_DATES), // TreatmentToleranceViolationDateTime
    Row(0x300A_073A, D, FULL_DATES, MODIFIED_DATES), // RecordedRTControlPointDateTime
    Row(0x300A_0741, D, FULL_DATES, MODIFIED_DATES), // InterlockDateTime
    Row(0x300A_0742, D, 0, DESCRIPTORS), // InterlockDescription
    Row(0x300A_0760, D, FULL_DATES, MODIFIED_DATES), // OverrideDateTime
    Row(0x300A_0783, D, 0, DESCRIPTORS), // InterlockOriginDescription
    Row(0x300A_0785, U, UIDS, 0), // ReferencedTreatmentPositionGroupUID
    Row(0x300A_078E, X, 0, DESCRIPTORS), // PatientTreatmentPreparationProcedureParameterDescription
    Row(0x300A_0792, X, 0, DESCRIPTORS), // PatientTreatmentPreparationMethodDescription
    Row(0x300A_0794, X, 0, DESCRIPTORS), // PatientSetupPhotoDescription
    Row(0x300A_079A, X, 0, DESCRIPTORS), // DisplacementReferenceLabel
    Row(0x300C_0113, X, 0, DESCRIPTORS), // ReasonForOmissionDescription
    Row(0x300C_0127, D, DEVICE | FULL_DATES, MODIFIED_DATES), // BeamHoldTransitionDateTime
    Row(0x300E_0004, Z, FULL_DATES, MODIFIED_DATES), // ReviewDate
    Row(0x300E_0005, Z, FULL_DATES, MODIFIED_DATES), // ReviewTime
    Row(0x300E_0008, XorZ, 0, 0), // ReviewerName
    Row(0x3010_0006, U, UIDS, 0), // ConceptualVolumeUID
    Row(0x3010_000B, U, UIDS, 0), // ReferencedConceptualVolumeUID
    Row(0x3010_000F, Z, 0, DESCRIPTORS), // ConceptualVolumeCombinationDescription
    Row(0x3010_0013, U, UIDS, 0), // ConstituentConceptualVolumeUID
    Row(0x3010_0015, U, UIDS, 0), // SourceConceptualVolumeUID
    Row(0x3010_0017, Z, 0, DESCRIPTORS), // ConceptualVolumeDescription
    Row(0x3010_001B, Z, 0, 0), // DeviceAlternateIdentifier
    Row(0x3010_002D, D, DEVICE, 0), // DeviceLabel
    Row(0x3010_0031, U, UIDS, 0), // ReferencedFiducialsUID
    Row(0x3010_0033, D, 0, DESCRIPTORS), // UserContentLabel
    Row(0x3010_0034, D, 0, DESCRIPTORS), // UserContentLongLabel
    Row(0x3010_0035, D, 0, DESCRIPTORS), // EntityLabel
    Row(0x3010_0036, X, 0, DESCRIPTORS), // EntityName
    Row(0x3010_0037, X, 0, DESCRIPTORS), // EntityDescription
    Row(0x3010_0038, D, 0, DESCRIPTORS), // EntityLongLabel
    Row(0x3010_003B, U, UIDS, 0), // RTTreatmentPhaseUID
    Row(0x3010_0043, Z, DEVICE, 0), // ManufacturerDeviceIdentifier
    Row(0x3010_004C, XorD, FULL_DATES, MODIFIED_DATES), // IntendedPhaseStartDate
    Row(0x3010_004D, XorD, FULL_DATES, MODIFIED_DATES), // IntendedPhaseEndDate
    Row(0x3010_0054, D, 0, DESCRIPTORS), // RTPrescriptionLabel
    Row(0x3010_0056, XorD, 0, DESCRIPTORS), // RTTreatmentApproachLabel
    Row(0x3010_005A, Z, 0, DESCRIPTORS), // RTPhysicianIntentNarrative
    Row(0x3010_005C, Z, 0, DESCRIPTORS), // ReasonForSuperseding
    Row(0x3010_0061, X, 0, DESCRIPTORS), // PriorTreatmentDoseDescription
    Row(0x3010_006E, U, UIDS, 0), // DosimetricObjectiveUID
    Row(0x3010_006F, U, UIDS, 0), // ReferencedDosimetricObjectiveUID
    Row(0x3010_0077, XorD, 0, DESCRIPTORS), // TreatmentSite
    Row(0x3010_007A, Z, 0, DESCRIPTORS), // TreatmentTechniqueNotes
    Row(0x3010_007B, Z, 0, DESCRIPTORS), // PrescriptionNotes
    Row(0x3010_007F, Z, 0, DESCRIPTORS), // FractionationNotes
    Row(0x3010_0081, Z, 0, DESCRIPTORS), // PrescriptionNotesSequence
    Row(0x3010_0085, X, FULL_DATES, MODIFIED_DATES), // IntendedFractionStartTime
    Row(0x4000_0010, X, 0, 0), // Arbitrary
    Row(0x4000_4000, X, 0, 0), // TextComments
    Row(0x4008_0040, X, 0, 0), // ResultsID
    Row(0x4008_0042, X, 0, 0), // ResultsIDIssuer
    Row(0x4008_0100, X, FULL_DATES, MODIFIED_DATES), // InterpretationRecordedDate
    Row(0x4008_0101, X, FULL_DATES, MODIFIED_DATES), // InterpretationRecordedTime
    Row(0x4008_0102, X, 0, 0), // InterpretationRecorder
    Row(0x4008_0108, X, FULL_DATES, MODIFIED_DATES), // InterpretationTranscriptionDate
    Row(0x4008_0109, X, FULL_DATES, MODIFIED_DATES), // InterpretationTranscriptionTime
    Row(0x4008_010A, X, 0, 0), // InterpretationTranscriber
    Row(0x4008_010B, X, 0, DESCRIPTORS), // InterpretationText
    Row(0x4008_010C, X, 0, 0), // InterpretationAuthor
    Row(0x4008_0111, X, 0, 0), // InterpretationApproverSequence
    Row(0x4008_0112, X, FULL_DATES, MODIFIED_DATES), // InterpretationApprovalDate
    Row(0x4008_0113, X, FULL_DATES, MODIFIED_DATES), // InterpretationApprovalTime
    Row(0x4008_0114, X, 0, 0), // PhysicianApprovingInterpretation
    Row(0x4008_0115, X, 0, DESCRIPTORS), // InterpretationDiagnosisDescription
    Row(0x4008_0118, X, 0, 0), // ResultsDistributionListSequence
    Row(0x4008_0119, X, 0, 0), // DistributionName
    Row(0x4008_011A, X, 0, 0), // DistributionAddress
    Row(0x4008_0200, X, 0, 0), // InterpretationID
    Row(0x4008_0202, X, 0, 0), // InterpretationIDIssuer
    Row(0x4008_0300, X, 0, DESCRIPTORS), // Impressions
    Row(0x4008_4000, X, 0, DESCRIPTORS), // ResultsComments
    Row(0xFFFA_FFFA, X, 0, 0), // DigitalSignaturesSequence
    Row(0xFFFC_FFFC, X, 0, 0), // DataSetTrailingPadding
];

/// The tags with a conditional action, in the order of the digits of [`NEEDS`].
#[rustfmt::skip]
pub static CONDITIONAL: &[u32] = &[
    0x0008_0012, 0x0008_0013, 0x0008_0021, 0x0008_0022, 0x0008_0023, 0x0008_002A, 0x0008_0031, 0x0008_0032,
    0x0008_0033, 0x0008_0080, 0x0008_0082, 0x0008_1010, 0x0008_1070, 0x0008_1072, 0x0008_1110, 0x0008_1111,
    0x0008_1140, 0x0008_2112, 0x0010_0020, 0x0010_2203, 0x0018_0010, 0x0018_1000, 0x0018_1030, 0x0018_1400,
    0x0018_700A, 0x0018_700C, 0x0018_700E, 0x0018_9516, 0x0018_9517, 0x0018_9919, 0x0032_1060, 0x0040_0555,
    0x0040_A032, 0x0040_B020, 0x0070_0084, 0x2200_0002, 0x2200_0005, 0x3008_0054, 0x3008_0056, 0x3008_0105,
    0x3008_0250, 0x3008_0251, 0x300A_0006, 0x300A_0007, 0x300A_00B2, 0x300E_0008, 0x3010_004C, 0x3010_004D,
    0x3010_0056, 0x3010_0077,
];

/// By SOP class: what its IOD asks of each of [`CONDITIONAL`] outside of sequences. 2: a value (type 1, 1C), 1: the
/// element (type 2, 2C), 0: neither.
#[rustfmt::skip]
pub static NEEDS: &[(&str, &str)] = &[
    ("1.2.840.10008.1.3.10", "00000000000000000000000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.1", "00001000100000000011100000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.1.1", "00001000100000020011100000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.1.1.1", "00001000100000020011100000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.1.2", "00001000100000020011100000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.1.2.1", "00001000100000020011100000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.1.3", "00001000100000020011100000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.1.3.1", "00001000100000020011100000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.104.1", "00001100100000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.104.2", "00001100100000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.104.3", "00001100100000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.104.4", "00001100100000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.104.5", "00001100100000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.1", "00000000000000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.10", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.11", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.12", "00000000000000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.2", "00000000000000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.3", "00000000000000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.4", "00000000000000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.5", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.6", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.7", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.8", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.11.9", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.12.1", "00001000100000002011100000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.12.1.1", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.12.2", "00001000100000002011100000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.12.2.1", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.128", "00211021100000000011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.128.1", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.13.1.1", "00002000200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.13.1.2", "00002000200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.13.1.3", "00002000200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.13.1.4", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.13.1.5", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.130", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.131", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.14.1", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.14.2", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.2", "00001000100000000011100000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.2.1", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.2.2", "00002200200000020011120000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.20", "00001000100000000011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.200.1", "22000000000000000000022000000000002000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.200.2", "22000000000000020011022000000000002000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.200.3", "00000000000000000000020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.200.7", "22000000000000000000022000000000002000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.200.8", "22000000000000020011022000000000002000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.201.1", "00002000200000000000000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.3.1", "00001200100000000011100000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.30", "00002000200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.4", "00001000100000000011100000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.4.1", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.4.2", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.4.3", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.4.4", "00002200200000020011120000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.1", "00001000100010000011100000000000000000000000010000"),
    ("1.2.840.10008.5.1.4.1.1.481.10", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.11", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.12", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.13", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.14", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.15", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.16", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.17", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.18", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.19", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.2", "00001000100010000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.20", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.21", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.22", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.23", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.24", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.25", "22202020200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.481.3", "00000000000010000011000000000000000000000000010000"),
    ("1.2.840.10008.5.1.4.1.1.481.4", "00000000000010000011000000000000000001101100000000"),
    ("1.2.840.10008.5.1.4.1.1.481.5", "00000000000010000011000000000000000000000011010000"),
    ("1.2.840.10008.5.1.4.1.1.481.6", "00000000000010000011000000000000000001101100000000"),
    ("1.2.840.10008.5.1.4.1.1.481.7", "00000000000010000011000000000000000001101100000000"),
    ("1.2.840.10008.5.1.4.1.1.481.8", "00000000000010000011000000000000000000000011010000"),
    ("1.2.840.10008.5.1.4.1.1.481.9", "00000000000010000011000000000000000001101100000000"),
    ("1.2.840.10008.5.1.4.1.1.6.1", "00001200100000000011100000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.6.2", "00002200200000020211020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.6.3", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.66", "00002000200000000011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.66.1", "00002000200000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.66.2", "00002000200000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.66.3", "00002000200000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.66.4", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.66.5", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.66.6", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.66.7", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.66.8", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.67", "00002000200000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.68.1", "00000200000000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.68.2", "00000200000000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.7", "00001000100000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.7.1", "00001000100000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.7.2", "00002000200000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.7.3", "00002000200000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.7.4", "00002000200000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.1", "00001000200000002011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.1.1", "00001000200000002011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.2", "00001000200000002011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.2.1", "00001000200000002011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.3", "00001000200000002011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.4", "00001000200000002011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.4.1", "00001000200000002011000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.1", "00002200200000000111000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.2", "00002200200000000111000000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.3", "00000000000000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.4", "00002200200000020011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.5", "00002200200000000111020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.6", "00002200200000000111020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.7", "00002000200000020211020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.5.8", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.6", "00002200200000020011020000000001000110000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.7", "00001000200000002011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.8", "00002000200000000011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.77.1.9", "00002000200000000011020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.78.1", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.78.2", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.78.3", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.78.4", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.78.5", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.78.6", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.78.7", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.78.8", "00002000200000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.79.1", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.80.1", "00000000000000020011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.81.1", "00002200200000020211020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.82.1", "00002200200000020211020000000001000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.11", "00002000200000010011000000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.22", "00002000200000010011000000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.33", "00002000200000010011000000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.34", "00002000200000010011000000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.35", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.40", "00002000200000010010000000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.50", "00002000200000010011000000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.59", "00002000200000010011000000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.65", "00002000200000010011000000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.67", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.68", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.69", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.70", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.71", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.72", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.73", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.74", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.75", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.76", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.88.77", "00002000200000010011020000000000200000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.1.1", "00002200200000000011000000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.1.2", "00002200200000000011000000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.1.3", "00002200200000000011000000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.1.4", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.100.1", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.100.2", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.2.1", "00002200200000000011000000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.3.1", "00002200200000000011000000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.4.1", "00002200200000000011000000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.4.2", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.5.1", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.6.1", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.6.2", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.7.1", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.7.2", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.7.3", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.7.4", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.9.8.1", "00002200200000000011020000000001020000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.90.1", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.1.1.91.1", "00002000200000022011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.34.10", "00000000000000000011020000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.34.7", "00000000000000000011000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.38.1", "00000000000000000000000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.39.1", "00000000000000000000000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.43.1", "00000000000000000000000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.44.1", "00000000000000000000000000000000000000000000000000"),
    ("1.2.840.10008.5.1.4.45.1", "00000000000000000000000000000000000000000000000000"),
];
