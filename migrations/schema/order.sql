CREATE TABLE `alerts` (
  `alert_id` bigint NOT NULL AUTO_INCREMENT,
  `kind` varchar(64) COLLATE ascii_bin NOT NULL,
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `runbook` varchar(128) COLLATE ascii_bin NOT NULL,
  `detail` varchar(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
  `raised_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `resolved_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`alert_id`),
  UNIQUE KEY `alerts_order_kind` (`order_id`,`kind`),
  KEY `alerts_open` (`resolved_at`,`raised_at`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `compensations` (
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `step` varchar(32) COLLATE ascii_bin NOT NULL,
  `status` varchar(8) COLLATE ascii_bin NOT NULL DEFAULT 'PENDING',
  `attempts` int NOT NULL DEFAULT '0',
  `next_retry_at` datetime(6) NOT NULL,
  `last_error` varchar(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `done_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`order_id`,`step`),
  KEY `compensations_due` (`status`,`next_retry_at`),
  CONSTRAINT `compensations_status_known` CHECK ((`status` in (_utf8mb4'PENDING',_utf8mb4'DONE')))
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

CREATE TABLE `order_lines` (
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `line_number` smallint NOT NULL,
  `product_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `quantity` int NOT NULL,
  `unit_price` bigint NOT NULL,
  PRIMARY KEY (`order_id`,`line_number`),
  CONSTRAINT `order_lines_quantity_positive` CHECK ((`quantity` > 0))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `orders` (
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `customer_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `idempotency_key` varchar(255) COLLATE ascii_bin NOT NULL,
  `request_hash` varchar(64) COLLATE ascii_bin NOT NULL,
  `status` varchar(16) COLLATE ascii_bin NOT NULL DEFAULT 'CREATED',
  `pattern` varchar(16) COLLATE ascii_bin DEFAULT NULL,
  `owner` varchar(128) COLLATE ascii_bin DEFAULT NULL,
  `decision` varchar(8) COLLATE ascii_bin DEFAULT NULL,
  `reason` varchar(64) COLLATE ascii_bin DEFAULT NULL,
  `waits_for` varchar(16) COLLATE ascii_bin DEFAULT NULL,
  `total` bigint NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `owned_at` datetime(6) DEFAULT NULL,
  `ended_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`order_id`),
  UNIQUE KEY `orders_idempotency` (`customer_id`,`idempotency_key`),
  KEY `orders_customer` (`customer_id`,`order_id`),
  KEY `orders_unfinished` (`status`,`waits_for`,`owner`,`owned_at`),
  CONSTRAINT `orders_cancelled_decided` CHECK (((`status` <> _ascii'CANCELLED') or (`decision` <=> _ascii'CANCEL'))),
  CONSTRAINT `orders_completed_decided` CHECK (((`status` <> _ascii'COMPLETED') or (`decision` <=> _ascii'COMPLETE'))),
  CONSTRAINT `orders_decision_known` CHECK ((`decision` in (_ascii'COMPLETE',_ascii'CANCEL'))),
  CONSTRAINT `orders_pending_waits` CHECK (((`waits_for` is null) or (`status` = _utf8mb4'PENDING'))),
  CONSTRAINT `orders_status_known` CHECK ((`status` in (_ascii'CREATED',_ascii'PLACING',_ascii'PENDING',_ascii'COMPLETED',_ascii'CANCELLED'))),
  CONSTRAINT `orders_total_positive` CHECK ((`total` > 0)),
  CONSTRAINT `orders_waits_for_known` CHECK ((`waits_for` in (_utf8mb4'operator',_utf8mb4'branch',_utf8mb4'event',_utf8mb4'confirmation',_utf8mb4'compensation',_utf8mb4'cancellation')))
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

CREATE TABLE `recoveries` (
  `kind` varchar(16) COLLATE ascii_bin NOT NULL,
  `wanted_since` datetime(6) DEFAULT NULL,
  `ended_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`kind`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `resolutions` (
  `resolution_id` bigint NOT NULL AUTO_INCREMENT,
  `workflow_id` varchar(128) COLLATE ascii_bin NOT NULL,
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `owner_before` varchar(128) COLLATE ascii_bin DEFAULT NULL,
  `operator` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
  `action` varchar(16) COLLATE ascii_bin NOT NULL,
  `reason` varchar(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
  `outcome` varchar(32) COLLATE ascii_bin DEFAULT NULL,
  `requested_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `ended_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`resolution_id`),
  UNIQUE KEY `resolutions_workflow` (`workflow_id`),
  KEY `resolutions_order` (`order_id`),
  CONSTRAINT `resolutions_action_known` CHECK ((`action` in (_utf8mb4'confirm',_utf8mb4'cancel',_utf8mb4'retry')))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;
