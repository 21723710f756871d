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

CREATE TABLE `steps` (
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `step` varchar(32) COLLATE ascii_bin NOT NULL,
  `hash` varchar(64) COLLATE ascii_bin NOT NULL,
  `outcome` varchar(64) COLLATE ascii_bin DEFAULT NULL,
  `recorded_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`order_id`,`step`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;
