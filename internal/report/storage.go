package report

// Storage is the room that an embedded store takes and has on its volume. What is not known is nil.
// The figures are rounded, so that a report stays as it is while nothing happens.
type Storage struct {
	// SizeBytes is the size of the database with its log, in whole MiB, rounded up.
	SizeBytes int64 `json:"sizeBytes"`
	// FreeBytes is what is free of the VolumeBytes of the file system. It changes when it has moved
	// by a percent of the volume.
	FreeBytes   int64 `json:"freeBytes"`
	VolumeBytes int64 `json:"volumeBytes"`
	// BytesPerMessage is the size by record of the ledger, in steps of 100; nil below 1,000
	// records.
	BytesPerMessage *int64 `json:"bytesPerMessage,omitempty"`
	// DaysLeft is for how many days the free space lasts if the store grows as in the last seven
	// days; 30, 60, … 360 (or more) from 30 on. Nil if the rate is not known: below 1,000 records,
	// or if none was made in these days.
	DaysLeft *int64 `json:"daysLeft,omitempty"`
}
