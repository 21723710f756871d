CREATE TABLE `bookings` (
  `reference` varchar(64) COLLATE ascii_bin NOT NULL COMMENT 'the paper that says so, such as a delivery note',
  `customer_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `kind` varchar(16) COLLATE ascii_bin NOT NULL,
  `points` bigint NOT NULL COMMENT 'signed: what it adds to the balance',
  `opening` bigint DEFAULT NULL COMMENT 'of a balance that is closed: its row, and its opening, are gone',
  `booked_by` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
  `reason` varchar(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
  `booked_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`reference`),
  KEY `bookings_balance` (`customer_id`),
  CONSTRAINT `bookings_signed` CHECK ((((`kind` = _utf8mb4'grant') and (`points` > 0) and (`opening` is null)) or ((`kind` = _utf8mb4'withdraw') and (`points` < 0) and (`opening` is null)) or ((`kind` = _utf8mb4'close') and (`points` <= 0) and (`opening` is not null))))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `inbox` (
  `event_id` varchar(128) COLLATE ascii_bin NOT NULL,
  `reaction` varchar(32) COLLATE ascii_bin NOT NULL,
  `type` varchar(32) COLLATE ascii_bin NOT NULL,
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `received_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `emitted` varchar(128) COLLATE ascii_bin DEFAULT NULL COMMENT 'the event that the reaction emitted: it has been made',
  `tries` int NOT NULL DEFAULT '0' COMMENT 'how often it failed with what may never mend',
  `payload` json DEFAULT NULL COMMENT 'the event, so that it can be released',
  `last_error` varchar(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci DEFAULT NULL,
  `parked_at` datetime(6) DEFAULT NULL,
  `released_at` datetime(6) DEFAULT NULL,
  `released_by` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci DEFAULT NULL,
  `release_reason` varchar(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci DEFAULT NULL,
  PRIMARY KEY (`event_id`,`reaction`),
  KEY `inbox_order` (`order_id`),
  KEY `inbox_parked` (`parked_at`),
  CONSTRAINT `inbox_parked_not_made` CHECK (((`parked_at` is null) or (`emitted` is null)))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `outbox` (
  `event_id` varchar(128) COLLATE ascii_bin NOT NULL,
  `type` varchar(32) COLLATE ascii_bin NOT NULL,
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `payload` json NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `delivery` varchar(128) COLLATE ascii_bin DEFAULT NULL COMMENT 'names the workflows that deliver it, before they begin',
  `sent_at` datetime(6) DEFAULT NULL COMMENT 'when every subscriber had its delivery workflow',
  PRIMARY KEY (`event_id`),
  KEY `outbox_unsent` (`sent_at`,`created_at`),
  KEY `outbox_order` (`order_id`),
  KEY `outbox_delivery` (`delivery`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `point_accounts` (
  `customer_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `available` bigint NOT NULL,
  `reserved` bigint NOT NULL DEFAULT '0',
  `opening` bigint NOT NULL,
  PRIMARY KEY (`customer_id`),
  CONSTRAINT `point_accounts_available_not_negative` CHECK ((`available` >= 0)),
  CONSTRAINT `point_accounts_reserved_not_negative` CHECK ((`reserved` >= 0))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `point_ledger` (
  `entry_id` bigint NOT NULL AUTO_INCREMENT,
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `customer_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `kind` varchar(16) COLLATE ascii_bin NOT NULL,
  `points` bigint NOT NULL COMMENT 'signed: what it adds to the account',
  `recorded_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`entry_id`),
  KEY `point_ledger_order` (`order_id`),
  CONSTRAINT `point_ledger_signed` CHECK ((((`kind` = _utf8mb4'use') and (`points` < 0)) or ((`kind` = _utf8mb4'refund') and (`points` > 0))))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `reservations` (
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `customer_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `points` bigint NOT NULL,
  `state` varchar(16) COLLATE ascii_bin NOT NULL DEFAULT 'reserved',
  `resolution` bigint NOT NULL DEFAULT '0',
  `reserved_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`order_id`,`customer_id`),
  KEY `reservations_open` (`state`,`order_id`,`reserved_at`),
  CONSTRAINT `reservations_positive` CHECK ((`points` > 0)),
  CONSTRAINT `reservations_state_known` CHECK ((`state` in (_utf8mb4'reserved',_utf8mb4'frozen',_utf8mb4'confirmed',_utf8mb4'cancelled')))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `steps` (
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `step` varchar(32) COLLATE ascii_bin NOT NULL,
  `hash` varchar(64) COLLATE ascii_bin NOT NULL,
  `outcome` varchar(64) COLLATE ascii_bin DEFAULT NULL,
  `recorded_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`order_id`,`step`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `xa_branches` (
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `gtrid` char(64) COLLATE ascii_bin NOT NULL COMMENT 'hexadecimal, as XA RECOVER shows it',
  `participant` varchar(16) COLLATE ascii_bin NOT NULL COMMENT 'the bqual',
  `hash` varchar(64) COLLATE ascii_bin NOT NULL,
  `locked_rows` json NOT NULL,
  `started_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `ended_at` datetime(6) DEFAULT NULL,
  `ended_as` varchar(24) COLLATE ascii_bin DEFAULT NULL,
  PRIMARY KEY (`order_id`),
  UNIQUE KEY `xa_branches_gtrid` (`gtrid`),
  KEY `xa_branches_open` (`ended_as`,`started_at`),
  CONSTRAINT `xa_branches_ended_known` CHECK ((`ended_as` in (_utf8mb4'committed',_utf8mb4'rolled-back',_utf8mb4'rejected',_utf8mb4'heuristic-commit',_utf8mb4'heuristic-rollback'))),
  CONSTRAINT `xa_branches_ended_whole` CHECK (((`ended_at` is null) = (`ended_as` is null)))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;
